"""From what a run file wants to one recipe with every value known, or to all that is wrong with the wish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from atelier.problems import Problem, raise_for
from atelier.recipes import data_mixing
from atelier.recipes.base_models import customizable
from atelier.recipes.candidates import (
    Candidate,
    Found,
    find,
    with_a_file,
    with_data_mixing,
    with_instance_type,
    with_instances_here,
    with_replicas,
)
from atelier.recipes.catalogue import Catalogue
from atelier.recipes.hyperparameters import Merged, merge
from atelier.recipes.images import Images
from atelier.recipes.placeholders import inputs_of
from atelier.recipes.request import AUTO, RecipeRequest
from atelier.recipes.rows import SHIPPED, BaseModelRow, Key, RecipeRow, Template


@dataclass(frozen=True)
class Recipe:
    """A recipe row with its choices made. `values` has every key but those that a job fills in.

    `settings` is what the run file set, by name, in the keys' types; `given` what it gives keys to be filled
    with. Without an instance type the platform chooses one. `origin`: the shipped row, or one of AWS's hub.
    """

    row: RecipeRow
    base_model: BaseModelRow
    template: Template
    keys: tuple[Key, ...]
    platform: str
    image: str | None
    images: Images = field(repr=False)
    instance_type: str | None
    replicas: int | None
    values: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    data_mixing: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    origin: str = SHIPPED


@dataclass(frozen=True)
class Resolution:
    """What the catalogue says to a wish: a recipe, or problems.

    `draft` is the recipe with the defaults of the settings that are wrong: there may be more to say of it.
    """

    problems: tuple[Problem, ...]
    draft: Recipe | None = None

    @property
    def recipe(self) -> Recipe | None:
        """The recipe, where nothing is wrong."""
        return None if self.problems else self.draft


def resolve(wanted: RecipeRequest, catalogue: Catalogue) -> Recipe:
    """The recipe for a wish. InvalidRun or UnsupportedCombination tells every problem at once."""
    found = examine(wanted, catalogue)
    raise_for(found.problems, subject=f"no recipe for {wanted.path}")
    assert found.recipe is not None
    return found.recipe


def examine(wanted: RecipeRequest, catalogue: Catalogue) -> Resolution:
    """The cheapest row that is what is wanted, with the settings asked for; or all that is wrong."""
    base_model, problems = customizable(wanted.base_model, wanted.environment, catalogue)
    if base_model is None:
        return Resolution(tuple(problems))
    matching = find(wanted, base_model, catalogue)
    if not matching.candidates:
        return Resolution(matching.problems)
    found = with_a_file(with_data_mixing(matching, wanted), wanted, catalogue)
    found = with_instance_type(with_instances_here(found, wanted), wanted)
    found = with_replicas(found, wanted)
    chosen, instance_type = _chosen(found, wanted, catalogue)
    row = chosen.row
    keys = _keys(row, catalogue)
    merged = _merged(chosen, instance_type, wanted, catalogue)
    inputs, wrong_given = inputs_of(row, keys, wanted, catalogue)
    problems = [*found.problems, *wrong_given, *merged.problems]
    if merged.problems:
        problems += _accepted_elsewhere(matching, instance_type, wanted, catalogue)
    draft = Recipe(
        row=row,
        base_model=catalogue.base_models[row.base_model],
        template=catalogue.templates[row.template],
        keys=keys,
        platform=chosen.platform,
        image=chosen.image,
        images=catalogue.images,
        origin=row.origin,
        instance_type=instance_type,
        replicas=wanted.replicas or next(iter(chosen.replicas), None),
        values=merged.values,
        settings=merged.settings,
        inputs=inputs,
        data_mixing=wanted.data_mixing,
        warnings=(*merged.warnings, *_warnings(row, wanted, catalogue)),
    )
    return Resolution(tuple(problems), draft)


def _chosen(found: Found, wanted: RecipeRequest, catalogue: Catalogue) -> tuple[Candidate, str | None]:
    """The candidate and what it runs on: AWS's own default, or with `auto` the cheapest that is possible."""
    if wanted.platform != AUTO:
        first = found.candidates[0]
        return first, _instance_types(first, wanted)[0]
    choices = [(one, name) for one in found.candidates for name in _instance_types(one, wanted)]
    choices.sort(key=lambda choice: _cost(choice[0], choice[1], wanted, catalogue))
    possible = (choice for choice in choices if not _merged(*choice, wanted, catalogue).problems)
    return next(possible, choices[0])


def _instance_types(candidate: Candidate, wanted: RecipeRequest) -> tuple[str | None, ...]:
    if wanted.instance_type in candidate.instance_types:
        return (wanted.instance_type,)
    return candidate.instance_types or (None,)


def _cost(
    candidate: Candidate, instance_type: str | None, wanted: RecipeRequest, catalogue: Catalogue
) -> tuple[bool, tuple[int, ...]]:
    """Managed platforms bill tokens, which nothing here compares with instances: they come last."""
    if instance_type is None:
        return True, ()
    replicas = wanted.replicas or next(iter(candidate.replicas), 1)
    return False, tuple(replicas * part for part in catalogue.instance_types[instance_type].cost)


def _merged(
    candidate: Candidate, instance_type: str | None, wanted: RecipeRequest, catalogue: Catalogue
) -> Merged:
    keys = _keys(candidate.row, catalogue)
    path = f"{wanted.path}.{wanted.settings_field}"
    return merge(candidate.row, keys, instance_type, wanted.settings, path=path)


def _keys(row: RecipeRow, catalogue: Catalogue) -> tuple[Key, ...]:
    return row.keys_of(catalogue.templates[row.template])


def _accepted_elsewhere(
    found: Found, instance_type: str | None, wanted: RecipeRequest, catalogue: Catalogue
) -> list[Problem]:
    """A hint when the same settings are fine on other instances: they may be dearer, so a person chooses."""
    others = dict.fromkeys(
        name
        for candidate in found.candidates
        for name in candidate.instance_types
        if not _merged(candidate, name, wanted, catalogue).problems
    )
    message = f"the same {wanted.settings_field} are accepted on {', '.join(others)}"
    return [Problem(f"{wanted.path}.instance_type", message, instance_type)] if others else []


def _warnings(row: RecipeRow, wanted: RecipeRequest, catalogue: Catalogue) -> Iterator[str]:
    if row.note:
        yield f"{wanted.path}: {row.name}: {row.note}"
    disputed = row.disputed_replicas
    if disputed and wanted.replicas in disputed.values:
        yield f"{wanted.path}.replicas = {wanted.replicas}: {disputed.note}"
    task = catalogue.tasks[wanted.task] if wanted.task else None
    if task and task.disputed:
        yield f"{wanted.path}.task = {task.name!r}: accepted, although {task.disputed}"
    if wanted.data_mixing:
        yield from data_mixing.warnings(wanted.data_mixing, wanted.technique, path=wanted.path)
