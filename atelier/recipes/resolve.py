"""From what a run file wants to one recipe with every value known, or to all that is wrong with the wish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atelier.problems import Problem, raise_for
from atelier.recipes.catalogue import BaseModelRow, Catalogue, Key, RecipeRow
from atelier.recipes.combinations import matching_rows, with_instance_type, with_replicas
from atelier.recipes.hyperparameters import Merged, merge
from atelier.recipes.wanted import Wanted


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
    """The first, cheapest row that is what is wanted, with the settings asked for; or all that is wrong."""
    matching, problems = matching_rows(wanted, catalogue)
    if not matching:
        return Examination(None, tuple(problems))
    rows, wrong_instance_type = with_instance_type(matching, wanted)
    rows, wrong_replicas = with_replicas(rows, wanted)
    row = rows[0]
    instance_type = (
        wanted.instance_type if wanted.instance_type in row.instance_types else row.instance_types[0]
    )
    merged = _merged(row, instance_type, wanted, catalogue)
    problems = [*wrong_instance_type, *wrong_replicas, *merged.problems]
    if merged.problems:
        problems += _accepted_elsewhere(matching, instance_type, wanted, catalogue)
    if problems:
        return Examination(None, tuple(problems))
    recipe = Recipe(
        row=row,
        base_model=catalogue.base_models[row.base_model],
        keys=_keys(row, wanted, catalogue),
        instance_type=instance_type,
        replicas=wanted.replicas or row.replicas[0],
        values=merged.values,
        warnings=(*merged.warnings, *_disputed_replicas(row, wanted)),
    )
    return Examination(recipe, ())


def _merged(row: RecipeRow, instance_type: str, wanted: Wanted, catalogue: Catalogue) -> Merged:
    keys = _keys(row, wanted, catalogue)
    return merge(row, keys, instance_type, wanted.settings, path=f"{wanted.path}.{wanted.settings_field}")


def _keys(row: RecipeRow, wanted: Wanted, catalogue: Catalogue) -> tuple[Key, ...]:
    return catalogue.templates[row.template].keys_of(wanted.adaptation)


def _accepted_elsewhere(
    rows: Sequence[RecipeRow], instance_type: str, wanted: Wanted, catalogue: Catalogue
) -> list[Problem]:
    """A hint when the same settings are fine on other instances: they may be dearer, so a person chooses."""
    others = [
        name
        for row in rows
        for name in row.instance_types
        if not _merged(row, name, wanted, catalogue).problems
    ]
    message = f"the same {wanted.settings_field} are accepted on {', '.join(others)}"
    return [Problem(f"{wanted.path}.instance_type", message, instance_type)] if others else []


def _disputed_replicas(row: RecipeRow, wanted: Wanted) -> tuple[str, ...]:
    disputed = row.disputed_replicas
    if disputed is None or wanted.replicas not in disputed.values:
        return ()
    return (f"{wanted.path}.replicas = {wanted.replicas}: {disputed.note}",)
