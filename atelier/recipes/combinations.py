"""Which rows of the catalogue are what is wanted, and what is nearest when none is."""

from __future__ import annotations

from collections.abc import Sequence

from atelier.problems import Problem, nearest
from atelier.recipes.catalogue import Catalogue, EvaluationRow, RecipeRow, TrainingRow
from atelier.recipes.wanted import Wanted

Found = tuple[Sequence[RecipeRow], list[Problem]]


def matching_rows(wanted: Wanted, catalogue: Catalogue) -> Found:
    """The rows for what is wanted, cheapest first, whatever they run on; or why there are none."""
    offered = {name for name, row in catalogue.base_models.items() if row.is_available_in(wanted.environment)}
    if wanted.base_model not in offered:
        hint = nearest(wanted.base_model, sorted(offered))
        return (), [Problem("base_model", hint, wanted.base_model)]
    everything: Sequence[RecipeRow] = catalogue.evaluation if wanted.task else catalogue.training
    rows = [row for row in everything if row.base_model in offered]
    platforms = sorted({platform for row in rows for platform in row.platforms})
    if wanted.platform not in platforms:
        message = f"not available in this release; accepted: {', '.join(platforms)}"
        return (), [Problem(f"{wanted.path}.platform", message, wanted.platform, is_combination=True)]
    matching = [row for row in rows if _mismatches(row, wanted) == 0]
    if not matching:
        return (), [Problem(wanted.path, _no_recipe(wanted, rows), is_combination=True)]
    return matching, []


def with_instance_type(rows: Sequence[RecipeRow], wanted: Wanted) -> Found:
    """The rows that run on the instance type asked for; all of them, with the problem, when none does."""
    if wanted.instance_type is None:
        return rows, []
    narrowed = [row for row in rows if wanted.instance_type in row.instance_types]
    if narrowed:
        return narrowed, []
    instance_types = dict.fromkeys(name for row in rows for name in row.instance_types)
    message = f"{wanted} runs on {', '.join(instance_types)}"
    return rows, [Problem(f"{wanted.path}.instance_type", message, wanted.instance_type, is_combination=True)]


def with_replicas(rows: Sequence[RecipeRow], wanted: Wanted) -> Found:
    """The rows that run on as many instances as asked for; all of them, with the problem, when none does."""
    if wanted.replicas is None:
        return rows, []
    narrowed = [row for row in rows if wanted.replicas in row.accepted_replicas]
    if narrowed:
        return narrowed, []
    counts = dict.fromkeys(
        f"{', '.join(map(str, sorted(row.accepted_replicas)))} on {', '.join(row.instance_types)}"
        for row in rows
    )
    message = f"accepted: {'; '.join(counts)}"
    return rows, [Problem(f"{wanted.path}.replicas", message, wanted.replicas, is_combination=True)]


def _mismatches(row: RecipeRow, wanted: Wanted) -> int:
    """In how many respects a row is not what is wanted."""
    respects = [row.base_model == wanted.base_model, wanted.platform in row.platforms]
    if isinstance(row, TrainingRow):
        respects += [row.technique == wanted.technique, row.adaptation == wanted.adaptation]
    if isinstance(row, EvaluationRow):
        respects += [row.task == wanted.task]
    return respects.count(False)


def _no_recipe(wanted: Wanted, rows: Sequence[RecipeRow]) -> str:
    fewest = min(_mismatches(row, wanted) for row in rows)
    near = dict.fromkeys(_combination(row) for row in rows if _mismatches(row, wanted) == fewest)
    return f"{wanted} does not exist on {wanted.platform}; nearest: {', '.join(near)}"


def _combination(row: RecipeRow) -> str:
    if isinstance(row, TrainingRow):
        return f"{row.base_model} {row.technique} {row.adaptation}"
    return f"{row.base_model} {row.task}" if isinstance(row, EvaluationRow) else row.base_model
