"""Lists and descriptions of the catalogue's recipes, for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from atelier.problems import Problem, nearest, raise_for
from atelier.recipes.catalogue import Catalogue
from atelier.recipes.hyperparameters import merge
from atelier.recipes.resolve import Recipe
from atelier.recipes.rows import BaseModelRow, Key, RecipeRow, Template, TrainingRow

LIST = "no such list of recipes"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Filters of a list of recipes; None does not filter."""

    model: str | None = None
    technique: str | None = None
    adaptation: str | None = None
    platform: str | None = None
    region: str | None = None
    task: str | None = None

    def __bool__(self) -> bool:
        return any(value is not None for value in asdict(self).values())


@dataclass(frozen=True)
class Setting:
    """A hyperparameter of a recipe.

    `on_instances` has the bounds of instance types that differ from `bounds`. `same_as` names the
    hyperparameter whose value is the default.
    """

    name: str
    path: str
    type: str
    default: Any
    same_as: str | None
    bounds: str
    on_instances: Mapping[str, str]
    dispute: str | None


def listed(catalogue: Catalogue, filters: Filter) -> tuple[RecipeRow, ...]:
    """The recipes that pass the filters: training recipes first, then evaluation recipes.

    InvalidRun names every filter value that the catalogue does not have, each with the nearest known one.
    """
    rows = (*catalogue.training, *catalogue.evaluation)
    raise_for(list(_unknown_values(catalogue, rows, filters)), subject=LIST)
    return tuple(row for row in rows if _is_in(row, catalogue, filters))


def named(catalogue: Catalogue, name: str) -> RecipeRow:
    """The recipe of this name. InvalidRun with the nearest name when there is none."""
    rows = {row.name: row for row in (*catalogue.training, *catalogue.evaluation)}
    if name not in rows:
        raise_for([Problem("recipe", nearest(name, rows), name)], subject="no such recipe")
    return rows[name]


def regions_of(row: RecipeRow, platform: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The regions of a recipe on a platform; empty when not restricted."""
    on = row.platforms[platform]
    return on.regions or (catalogue.images.regions_of(on.image) if on.image else ())


def with_defaults(row: RecipeRow, catalogue: Catalogue) -> Recipe:
    """A recipe with all defaults, on its first platform."""
    platform, on = next(iter(row.platforms.items()))
    template = catalogue.templates[row.template]
    keys = row.keys_of(template)
    instance_type = next(iter(row.instance_types_on(platform)), None)
    task = next(iter(tasks_of(row)), None)
    return Recipe(
        row=row,
        base_model=catalogue.base_models[row.base_model],
        template=template,
        keys=keys,
        platform=platform,
        image=on.image,
        images=catalogue.images,
        instance_type=instance_type,
        replicas=next(iter(row.replicas_on(platform)), None),
        values=merge(row, keys, instance_type, {}, path=row.name).values,
        inputs=catalogue.tasks[task].fills if task else {},
        origin=row.origin,
    )


def settings_of(row: RecipeRow, template: Template) -> tuple[Setting, ...]:
    """Every hyperparameter that a run file may set, in the recipe's order."""
    keys = {key.name: key for key in row.keys_of(template) if key.name}
    return tuple(_setting(row, key) for key in keys.values())


def described(row: RecipeRow, catalogue: Catalogue) -> dict[str, Any]:
    """Everything that the catalogue has about a recipe, as JSON."""
    template = catalogue.templates[row.template]
    disputed = row.disputed_replicas
    return {
        "name": row.name,
        "base_model": row.base_model,
        **({"technique": row.technique} if isinstance(row, TrainingRow) else {"tasks": list(tasks_of(row))}),
        "adaptation": row.adaptation,
        "dataset": template.dataset,
        "platforms": {
            platform: {
                "instance_types": list(row.instance_types_on(platform)),
                "replicas": list(row.replicas_on(platform)),
                "regions": list(regions_of(row, platform, catalogue)),
                "image": _images(row, platform, catalogue),
                "note": on.note,
            }
            for platform, on in row.platforms.items()
        },
        "disputed_replicas": disputed.model_dump(mode="json") if disputed else None,
        "hyperparameters": {setting.name: asdict(setting) for setting in settings_of(row, template)},
        "deployments": {
            target: on.model_dump(mode="json")
            for target, on in catalogue.base_models[row.base_model].deployments.items()
        },
        "origin": row.origin,
        "source": row.source,
    }


def tasks_of(row: RecipeRow) -> tuple[str, ...]:
    """The tasks of an evaluation recipe; empty for a training recipe."""
    return tuple(getattr(row, "tasks", ()))


def technique_of(row: RecipeRow) -> str | None:
    """The technique of a training recipe; None for an evaluation recipe."""
    return row.technique if isinstance(row, TrainingRow) else None


def reward_of(row: RecipeRow) -> str | None:
    """The reward of a reinforcement learning recipe; None for other recipes."""
    return row.reward if isinstance(row, TrainingRow) else None


def serves(base_model: BaseModelRow, adaptation: str | None) -> tuple[str, ...]:
    """The targets that serve a base model customized with this adaptation."""
    return tuple(target for target, on in base_model.deployments.items() if adaptation in on.adaptations)


def _is_in(row: RecipeRow, catalogue: Catalogue, filters: Filter) -> bool:
    platforms = [name for name in row.platforms if filters.platform in (None, name)]
    if filters.region is not None:
        regions = {name: regions_of(row, name, catalogue) for name in platforms}
        platforms = [name for name in platforms if not regions[name] or filters.region in regions[name]]
    return (
        bool(platforms)
        and filters.model in (None, row.base_model, *getattr(row, "students", ()))
        and filters.technique in (None, technique_of(row))
        and filters.adaptation in (None, row.adaptation)
        and (filters.task is None or filters.task in tasks_of(row))
    )


def _unknown_values(catalogue: Catalogue, rows: Iterable[RecipeRow], filters: Filter) -> Iterable[Problem]:
    rows = tuple(rows)
    known: dict[str, Iterable[str | None]] = {
        "model": catalogue.base_models,
        "technique": (technique_of(row) for row in rows),
        "adaptation": (row.adaptation for row in rows),
        "platform": (platform for row in rows for platform in row.platforms),
        "region": (
            region for row in rows for name in row.platforms for region in regions_of(row, name, catalogue)
        ),
        "task": (task for row in rows for task in tasks_of(row)),
    }
    for option, value in asdict(filters).items():
        accepted = [name for name in dict.fromkeys(known[option]) if name]
        if value is not None and value not in accepted:
            yield Problem(f"--{option}", nearest(value, accepted), value)


def _setting(row: RecipeRow, key: Key) -> Setting:
    bounds, dispute = row.bounds_of(key, None), row.dispute_of(key)
    on_instances = {name: row.bounds_of(key, name) for name in row.instance_bounds}
    return Setting(
        name=key.name or "",
        path=key.path,
        type=key.type or "",
        default=row.default_of(key),
        same_as=None if key.name in row.defaults else key.same_as,
        bounds=str(bounds),
        on_instances={name: str(limits) for name, limits in on_instances.items() if limits != bounds},
        dispute=f"accepted with a warning unless {dispute}: {dispute.note}" if dispute else None,
    )


def _images(row: RecipeRow, platform: str, catalogue: Catalogue) -> dict[str, str]:
    image = row.platforms[platform].image
    return {
        region: catalogue.images.uri(image, region)
        for region in regions_of(row, platform, catalogue)
        if image and region in catalogue.images.regions_of(image)
    }
