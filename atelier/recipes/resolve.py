"""From what a run file wants to one recipe with every value known, or to all that is wrong with the wish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from atelier.problems import Problem, nearest, raise_for
from atelier.recipes.catalogue import BaseModelRow, Catalogue, EvaluationRow, Key, RecipeRow, TrainingRow
from atelier.recipes.hyperparameters import merge


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a stage or an evaluation asks of the catalogue. `path` is its field in the run file, for messages.

    A stage has `technique` and `adaptation`, an evaluation has `task`.
    """

    path: str
    base_model: str
    environment: str
    platform: str = "training-job"
    technique: str | None = None
    adaptation: str | None = None
    task: str | None = None
    instance_type: str | None = None
    replicas: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_field: str = "hyperparameters"


@dataclass(frozen=True)
class Recipe:
    """A recipe row with its choices made. `values` has every key but those that a job fills in."""

    row: RecipeRow
    base_model: BaseModelRow
    keys: tuple[Key, ...]
    instance_type: str
    replicas: int
    values: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examination:
    """What the catalogue says to a wish: a recipe, or problems."""

    recipe: Recipe | None
    problems: tuple[Problem, ...]


def resolve(wanted: Wanted, catalogue: Catalogue) -> Recipe:
    """The recipe for a wish. InvalidRun or UnsupportedCombination tells every problem at once."""
    found = examine(wanted, catalogue)
    raise_for(found.problems, subject=f"no recipe for {wanted.path}")
    assert found.recipe is not None
    return found.recipe


def examine(wanted: Wanted, catalogue: Catalogue) -> Examination:
    """The recipe for a wish, or all that is wrong with it."""
    offered = {name for name, row in catalogue.base_models.items() if row.is_available_in(wanted.environment)}
    if wanted.base_model not in offered:
        return _refuse(Problem("base_model", nearest(wanted.base_model, sorted(offered)), wanted.base_model))
    rows = [row for row in _all_rows(wanted, catalogue) if row.base_model in offered]
    platforms = sorted({platform for row in rows for platform in row.platforms})
    if wanted.platform not in platforms:
        message = f"not available in this release; accepted: {', '.join(platforms)}"
        return _refuse(Problem(f"{wanted.path}.platform", message, wanted.platform, is_combination=True))
    matching = [row for row in rows if _mismatches(row, wanted) == 0]
    if not matching:
        return _refuse(Problem(wanted.path, _no_recipe(wanted, rows), is_combination=True))
    return _choose(wanted, matching, catalogue)


def _choose(wanted: Wanted, matching: Sequence[RecipeRow], catalogue: Catalogue) -> Examination:
    """The first row that has the instance type and the replicas asked for: rows come cheapest first."""
    problems = []
    rows = matching
    if wanted.instance_type:
        instance_types = list(dict.fromkeys(name for row in rows for name in row.instance_types))
        rows_with = [row for row in rows if wanted.instance_type in row.instance_types]
        if not rows_with:
            message = f"{_described(wanted)} runs on {', '.join(instance_types)}"
            problems.append(
                Problem(f"{wanted.path}.instance_type", message, wanted.instance_type, is_combination=True)
            )
        rows = rows_with or rows
    if wanted.replicas:
        rows_with = [row for row in rows if wanted.replicas in _replicas(row)]
        if not rows_with:
            message = "; ".join(
                dict.fromkeys(f"{_counts(row)} on {', '.join(row.instance_types)}" for row in rows)
            )
            problems.append(
                Problem(
                    f"{wanted.path}.replicas", f"accepted: {message}", wanted.replicas, is_combination=True
                )
            )
        rows = rows_with or rows
    row = rows[0]
    template = catalogue.templates[row.template]
    instance_type = (
        wanted.instance_type if wanted.instance_type in row.instance_types else row.instance_types[0]
    )
    keys = template.keys_of(wanted.adaptation)
    path = f"{wanted.path}.{wanted.settings_field}"
    merged = merge(row, keys, instance_type, wanted.settings, path=path)
    problems += merged.problems
    if merged.problems:
        elsewhere = [
            name
            for other in matching
            for name in other.instance_types
            if not merge(other, keys, name, wanted.settings, path=path).problems
        ]
        if elsewhere:
            message = f"the same {wanted.settings_field} are accepted on {', '.join(elsewhere)}"
            problems.append(Problem(f"{wanted.path}.instance_type", message, instance_type))
    if problems:
        return Examination(None, tuple(problems))
    replicas = wanted.replicas or row.replicas[0]
    warnings = list(merged.warnings)
    if row.disputed_replicas and replicas in row.disputed_replicas.values:
        warnings.append(f"{wanted.path}.replicas = {replicas}: {row.disputed_replicas.note}")
    base_model = catalogue.base_models[row.base_model]
    return Examination(
        Recipe(row, base_model, keys, instance_type, replicas, merged.values, tuple(warnings)), ()
    )


def _refuse(problem: Problem) -> Examination:
    return Examination(None, (problem,))


def _all_rows(wanted: Wanted, catalogue: Catalogue) -> Sequence[RecipeRow]:
    return catalogue.evaluation if wanted.task else catalogue.training


def _mismatches(row: RecipeRow, wanted: Wanted) -> int:
    """In how many respects a row is not what is wanted."""
    wishes = [row.base_model == wanted.base_model, wanted.platform in row.platforms]
    if isinstance(row, TrainingRow):
        wishes += [row.technique == wanted.technique, row.adaptation == wanted.adaptation]
    if isinstance(row, EvaluationRow):
        wishes += [row.task == wanted.task]
    return wishes.count(False)


def _no_recipe(wanted: Wanted, rows: Sequence[RecipeRow]) -> str:
    closest = sorted(rows, key=lambda row: _mismatches(row, wanted))
    fewest = _mismatches(closest[0], wanted)
    near = dict.fromkeys(_combination(row) for row in closest if _mismatches(row, wanted) == fewest)
    return f"{_described(wanted)} does not exist on {wanted.platform}; nearest: {', '.join(near)}"


def _described(wanted: Wanted) -> str:
    return " ".join(filter(None, (wanted.base_model, wanted.technique, wanted.adaptation, wanted.task)))


def _combination(row: RecipeRow) -> str:
    if isinstance(row, TrainingRow):
        return f"{row.base_model} {row.technique} {row.adaptation}"
    return f"{row.base_model} {row.task}" if isinstance(row, EvaluationRow) else row.base_model


def _replicas(row: RecipeRow) -> tuple[int, ...]:
    return row.replicas + (row.disputed_replicas.values if row.disputed_replicas else ())


def _counts(row: RecipeRow) -> str:
    return ", ".join(str(count) for count in sorted(_replicas(row)))
