"""Resolve a request to one recipe with every value, or report every problem with it."""

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
    """A recipe row with all choices made.

    `values` has the value of every key without a placeholder, by path. `settings` has the hyperparameters
    that the run file sets, by name and in the keys' types; `inputs` has placeholder values that it sets.
    Without an instance type the platform chooses one. `origin` is the shipped catalogue or AWS's hub.
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
    """The answer to a recipe request: a recipe, or problems.

    `draft` is the recipe with defaults in place of invalid settings, for further checks.
    """

    problems: tuple[Problem, ...]
    draft: Recipe | None = None

    @property
    def recipe(self) -> Recipe | None:
        """The recipe; None when there are problems."""
        return None if self.problems else self.draft


def resolve(request: RecipeRequest, catalogue: Catalogue) -> Recipe:
    """The recipe for a request. InvalidRun or UnsupportedCombination reports all problems at once."""
    found = examine(request, catalogue)
    raise_for(found.problems, subject=f"no recipe for {request.path}")
    assert found.recipe is not None
    return found.recipe


def examine(request: RecipeRequest, catalogue: Catalogue) -> Resolution:
    """Resolve a request to the cheapest matching row, or to every problem with it."""
    base_model, problems = customizable(request.base_model, request.environment, catalogue)
    if base_model is None:
        return Resolution(tuple(problems))
    matching = find(request, base_model, catalogue)
    if not matching.candidates:
        return Resolution(matching.problems)
    found = with_a_file(with_data_mixing(matching, request), request, catalogue)
    found = with_instance_type(with_instances_here(found, request), request)
    found = with_replicas(found, request)
    chosen, instance_type = _chosen(found, request, catalogue)
    row = chosen.row
    keys = _keys(row, catalogue)
    merged = _merged(chosen, instance_type, request, catalogue)
    inputs, input_problems = inputs_of(row, keys, request, catalogue)
    problems = [*found.problems, *input_problems, *merged.problems]
    if merged.problems:
        problems += _accepted_elsewhere(matching, instance_type, request, catalogue)
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
        replicas=request.replicas or next(iter(chosen.replicas), None),
        values=merged.values,
        settings=merged.settings,
        inputs=inputs,
        data_mixing=request.data_mixing,
        warnings=(*merged.warnings, *_warnings(row, request, catalogue)),
    )
    return Resolution(tuple(problems), draft)


def _chosen(found: Found, request: RecipeRequest, catalogue: Catalogue) -> tuple[Candidate, str | None]:
    """The candidate and its instance type: AWS's default, or the cheapest valid one for platform `auto`."""
    if request.platform != AUTO:
        first = found.candidates[0]
        return first, _instance_types(first, request)[0]
    choices = [(one, name) for one in found.candidates for name in _instance_types(one, request)]
    choices.sort(key=lambda choice: _cost(choice[0], choice[1], request, catalogue))
    possible = (choice for choice in choices if not _merged(*choice, request, catalogue).problems)
    return next(possible, choices[0])


def _instance_types(candidate: Candidate, request: RecipeRequest) -> tuple[str | None, ...]:
    if request.instance_type in candidate.instance_types:
        return (request.instance_type,)
    return candidate.instance_types or (None,)


def _cost(
    candidate: Candidate, instance_type: str | None, request: RecipeRequest, catalogue: Catalogue
) -> tuple[bool, tuple[int, ...]]:
    """Sort key for cost. Managed platforms bill by token and cannot be compared, so they come last."""
    if instance_type is None:
        return True, ()
    replicas = request.replicas or next(iter(candidate.replicas), 1)
    return False, tuple(replicas * part for part in catalogue.instance_types[instance_type].cost)


def _merged(
    candidate: Candidate, instance_type: str | None, request: RecipeRequest, catalogue: Catalogue
) -> Merged:
    keys = _keys(candidate.row, catalogue)
    path = f"{request.path}.{request.settings_field}"
    return merge(candidate.row, keys, instance_type, request.settings, path=path)


def _keys(row: RecipeRow, catalogue: Catalogue) -> tuple[Key, ...]:
    return row.keys_of(catalogue.templates[row.template])


def _accepted_elsewhere(
    found: Found, instance_type: str | None, request: RecipeRequest, catalogue: Catalogue
) -> list[Problem]:
    """A hint at instance types that accept the same settings. They may cost more, so the user decides."""
    others = dict.fromkeys(
        name
        for candidate in found.candidates
        for name in candidate.instance_types
        if not _merged(candidate, name, request, catalogue).problems
    )
    message = f"the same {request.settings_field} are accepted on {', '.join(others)}"
    return [Problem(f"{request.path}.instance_type", message, instance_type)] if others else []


def _warnings(row: RecipeRow, request: RecipeRequest, catalogue: Catalogue) -> Iterator[str]:
    if row.note:
        yield f"{request.path}: {row.name}: {row.note}"
    disputed = row.disputed_replicas
    if disputed and request.replicas in disputed.values:
        yield f"{request.path}.replicas = {request.replicas}: {disputed.note}"
    task = catalogue.tasks[request.task] if request.task else None
    if task and task.disputed:
        yield f"{request.path}.task = {task.name!r}: accepted, although {task.disputed}"
    if request.data_mixing:
        yield from data_mixing.warnings(request.data_mixing, request.technique, path=request.path)
