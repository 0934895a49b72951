"""The catalogue's rows that match a recipe request, or the nearest ones when none does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from atelier.problems import Problem, listed
from atelier.recipes.catalogue import Catalogue
from atelier.recipes.request import AUTO, RecipeRequest
from atelier.recipes.rows import BaseModelRow, EvaluationRow, RecipeRow, TrainingRow

_MOST_OTHERS = 8


@dataclass(frozen=True)
class Candidate:
    """A row on one of its platforms. The first instance type and number of replicas are the defaults.

    `instances_here`: the instance types that the platform has in this environment; None when unknown.
    """

    row: RecipeRow
    platform: str
    instances_here: tuple[str, ...] | None = None

    @property
    def image(self) -> str | None:
        """The name of AWS's container image; None when the platform needs none."""
        return self.row.platforms[self.platform].image

    @property
    def instance_types(self) -> tuple[str, ...]:
        """The instance types that it may run on; empty where the platform chooses."""
        types, present = self.row.instance_types_on(self.platform), self.instances_here
        return types if present is None else tuple(name for name in types if name in present)

    @property
    def replicas(self) -> tuple[int, ...]:
        """The numbers of instances that it may run on; empty where the platform chooses."""
        return self.row.replicas_on(self.platform)

    @property
    def mixes_data(self) -> bool:
        """True when it can add Nova's own data to the customer's."""
        return self.row.platforms[self.platform].data_mixing

    @property
    def accepted_replicas(self) -> tuple[int, ...]:
        """Replica counts that at least one of AWS's sources allows."""
        return self.row.accepted_replicas(self.platform)


@dataclass(frozen=True)
class Found:
    """Matches on the requested platforms, cheapest first; `elsewhere` has those on other platforms."""

    candidates: tuple[Candidate, ...]
    elsewhere: tuple[Candidate, ...]
    problems: tuple[Problem, ...] = ()

    def only(self, fits: Callable[[Candidate], bool], problem: Callable[[], Problem]) -> Found:
        """The candidates that fit; all of them, with the problem, when none does."""
        narrowed = tuple(filter(fits, self.candidates))
        if narrowed:
            return replace(self, candidates=narrowed)
        return replace(self, problems=(*self.problems, problem()))

    @property
    def platforms(self) -> str:
        """The candidates' platforms, for messages."""
        return ", ".join(dict.fromkeys(candidate.platform for candidate in self.candidates))


def find(request: RecipeRequest, base_model: BaseModelRow, catalogue: Catalogue) -> Found:
    """The rows that match a request, on every platform; or the problem when none does."""
    rows = [row for row in _rows_of(base_model, request, catalogue) if _fits(row, request)]
    everywhere = [Candidate(row, platform) for row in rows for platform in row.platforms]
    available = request.platforms_here or catalogue.release.available_platforms
    accepted = available if request.platform == AUTO else (request.platform,)
    found = Found(
        candidates=tuple(candidate for candidate in everywhere if candidate.platform in accepted),
        elsewhere=tuple(candidate for candidate in everywhere if candidate.platform not in accepted),
    )
    if not rows:
        message = _no_recipe(request, base_model, catalogue)
        return replace(found, problems=(Problem(request.path, message, is_combination=True),))
    if found.candidates and request.platform in (AUTO, *available):
        return found
    on = ", ".join(dict.fromkeys(candidate.platform for candidate in everywhere))
    message = f"{request} does not run there; it runs on {on}"
    if found.candidates or request.platform == AUTO:
        message = f"{request} runs on {on}"
    if request.platform not in available or not any(
        candidate.platform in available for candidate in everywhere
    ):
        scope = "environment" if request.platforms_here else "release"
        message += f"; this {scope} submits to {', '.join(available)}"
    problem = Problem(f"{request.path}.platform", message, request.platform, is_combination=True)
    return replace(found, problems=(problem,))


def with_data_mixing(found: Found, request: RecipeRequest) -> Found:
    """Only the candidates that can mix in Nova's own data, if the request does so."""
    if request.data_mixing is None:
        return found

    def problem() -> Problem:
        on = dict.fromkeys(candidate.platform for candidate in found.elsewhere if candidate.mixes_data)
        accepted = (
            f"accepted: {', '.join(on)}"
            if on
            else "only sft and cpt of Nova models can; leave data_mixing out"
        )
        message = f"{request} cannot mix in data on {found.platforms}; {accepted}"
        return Problem(f"{request.path}.data_mixing", message, is_combination=True)

    return found.only(lambda candidate: candidate.mixes_data, problem)


def with_a_file(found: Found, request: RecipeRequest, catalogue: Catalogue) -> Found:
    """Only the candidates whose platform reads no recipe file, or whose file this release can write."""
    templates, release = catalogue.templates, catalogue.release

    def problem() -> Problem:
        row = found.candidates[0].row
        message = f"cannot write the recipe file of {row.name}: {templates[row.template].not_rendered}"
        return Problem(f"{request.path}.platform", message, found.platforms, is_combination=True)

    return found.only(
        lambda one: release.is_managed(one.platform) or templates[one.row.template].not_rendered is None,
        problem,
    )


def with_instances_here(found: Found, request: RecipeRequest) -> Found:
    """Only the candidates that the environment's own clusters have nodes for.

    All candidates when no cluster has such nodes, or when the request names an instance type.
    """
    if request.instance_type:
        return found
    present = [
        replace(one, instances_here=request.instances_here.get(one.platform)) for one in found.candidates
    ]
    narrowed = tuple(one for one in present if one.instance_types or one.instances_here is None)
    return replace(found, candidates=narrowed) if narrowed else found


def with_instance_type(found: Found, request: RecipeRequest) -> Found:
    """Only the candidates that run on the requested instance type."""
    if request.instance_type is None:
        return found

    def problem() -> Problem:
        known = dict.fromkeys(name for candidate in found.candidates for name in candidate.instance_types)
        message = f"{request} runs on {', '.join(known)} on {found.platforms}"
        others = [one.platform for one in found.elsewhere if request.instance_type in one.instance_types]
        if others:
            message += f"; on {request.instance_type} it runs on {', '.join(dict.fromkeys(others))}"
        if not known:
            message = f"{found.platforms} chooses its own instances; leave instance_type out"
        return Problem(f"{request.path}.instance_type", message, request.instance_type, is_combination=True)

    return found.only(lambda candidate: request.instance_type in candidate.instance_types, problem)


def with_replicas(found: Found, request: RecipeRequest) -> Found:
    """Only the candidates that run on the requested number of instances."""
    if request.replicas is None:
        return found

    def problem() -> Problem:
        counts = dict.fromkeys(
            f"{', '.join(map(str, sorted(one.accepted_replicas)))} on {', '.join(one.instance_types)}"
            for one in found.candidates
            if one.replicas
        )
        message = f"accepted: {'; '.join(counts)}"
        if not counts:
            message = "the recipe sets the number of instances of each of its jobs; leave replicas out"
        if not any(candidate.instance_types for candidate in found.candidates):
            message = f"{found.platforms} chooses its own instances; leave replicas out"
        return Problem(f"{request.path}.replicas", message, request.replicas, is_combination=True)

    return found.only(lambda candidate: request.replicas in candidate.accepted_replicas, problem)


def _rows_of(base_model: BaseModelRow, request: RecipeRequest, catalogue: Catalogue) -> Sequence[RecipeRow]:
    if request.task:
        return catalogue.evaluation_of(base_model.name)
    return catalogue.training_of(base_model.name)


def _fits(row: RecipeRow, request: RecipeRequest) -> bool:
    """True when the row matches the request, whatever its platform."""
    if isinstance(row, EvaluationRow):
        return request.task in row.tasks
    assert isinstance(row, TrainingRow)
    return (
        row.technique == request.technique
        and row.adaptation in (None, request.adaptation)
        and row.reward in (None, request.reward)
        and (not row.students or request.teacher in (None, row.base_model))
    )


def _no_recipe(request: RecipeRequest, base_model: BaseModelRow, catalogue: Catalogue) -> str:
    own = [label for row in _rows_of(base_model, request, catalogue) for label in _labels(row)]
    message = f"{request} does not exist; {base_model.name} has {listed(own) or 'no recipe of this kind'}"
    everything: Iterable[RecipeRow] = catalogue.evaluation if request.task else catalogue.training
    fitting = [row for row in everything if _fits(row, request)]
    if not fitting and not any(
        row for row in _rows_of(base_model, request, catalogue) if _has_technique(row, request)
    ):
        fitting = [row for row in everything if _has_technique(row, request)]
    names = dict.fromkeys(name for row in fitting for name in row.base_models)
    others = [row for name, row in catalogue.base_models.items() if name in names]
    near = sorted(
        (row for row in others if row.is_available_in(request.environment)),
        key=lambda row: row.family != base_model.family,
    )
    if near:
        label = request.task or _labels(fitting[0])[0]
        message += f"; {label} exists for {listed((row.name for row in near), _MOST_OTHERS)}"
    return message


def _has_technique(row: RecipeRow, request: RecipeRequest) -> bool:
    """True when the row has the requested technique, whatever its adaptation and reward."""
    return isinstance(row, TrainingRow) and row.technique == request.technique


def _labels(row: RecipeRow) -> tuple[str, ...]:
    if isinstance(row, EvaluationRow):
        return row.tasks
    assert isinstance(row, TrainingRow)
    return (" ".join(filter(None, (row.technique, row.adaptation))),)
