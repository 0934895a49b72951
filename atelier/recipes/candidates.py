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

    `instances_here`: what the platform has in this environment, where that is known.
    """

    row: RecipeRow
    platform: str
    instances_here: tuple[str, ...] | None = None

    @property
    def image(self) -> str | None:
        """The container, where the platform runs one of AWS's."""
        return self.row.platforms[self.platform].image

    @property
    def instance_types(self) -> tuple[str, ...]:
        """What it may run on; empty where the platform chooses."""
        types, here = self.row.instance_types_on(self.platform), self.instances_here
        return types if here is None else tuple(name for name in types if name in here)

    @property
    def replicas(self) -> tuple[int, ...]:
        """On how many instances it may run; empty where the platform chooses."""
        return self.row.replicas_on(self.platform)

    @property
    def mixes_data(self) -> bool:
        """True when it can mix Nova's own data in."""
        return self.row.platforms[self.platform].data_mixing

    @property
    def accepted_replicas(self) -> tuple[int, ...]:
        """Replica counts that at least one of AWS's sources allows."""
        return self.row.accepted_replicas(self.platform)


@dataclass(frozen=True)
class Found:
    """Matches on the requested platforms, cheapest first, and the matches `elsewhere`."""

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
        """Where the candidates run, for messages."""
        return ", ".join(dict.fromkeys(candidate.platform for candidate in self.candidates))


def find(request: RecipeRequest, base_model: BaseModelRow, catalogue: Catalogue) -> Found:
    """Matches on any platform; or the problem with a request that has none."""
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
        who = "environment" if request.platforms_here else "release"
        message += f"; this {who} submits to {', '.join(available)}"
    problem = Problem(f"{request.path}.platform", message, request.platform, is_combination=True)
    return replace(found, problems=(problem,))


def with_data_mixing(found: Found, request: RecipeRequest) -> Found:
    """What can mix Nova's own data in, where requested."""
    if request.data_mixing is None:
        return found

    def problem() -> Problem:
        on = dict.fromkeys(candidate.platform for candidate in found.elsewhere if candidate.mixes_data)
        accepted = f"accepted: {', '.join(on)}" if on else "only sft and cpt of Nova models do; leave it out"
        message = f"{request} mixes no data in on {found.platforms}; {accepted}"
        return Problem(f"{request.path}.data_mixing", message, is_combination=True)

    return found.only(lambda candidate: candidate.mixes_data, problem)


def with_a_file(found: Found, request: RecipeRequest, catalogue: Catalogue) -> Found:
    """What runs where the recipe's file is not read, or whose file this release can write."""
    templates, release = catalogue.templates, catalogue.release

    def problem() -> Problem:
        row = found.candidates[0].row
        message = f"{row.name} is not written: {templates[row.template].not_rendered}"
        return Problem(f"{request.path}.platform", message, found.platforms, is_combination=True)

    return found.only(
        lambda one: release.is_managed(one.platform) or templates[one.row.template].not_rendered is None,
        problem,
    )


def with_instances_here(found: Found, request: RecipeRequest) -> Found:
    """What an environment's own clusters have nodes for; everything where they have none, or one is named."""
    if request.instance_type:
        return found
    here = [replace(one, instances_here=request.instances_here.get(one.platform)) for one in found.candidates]
    narrowed = tuple(one for one in here if one.instance_types or one.instances_here is None)
    return replace(found, candidates=narrowed) if narrowed else found


def with_instance_type(found: Found, request: RecipeRequest) -> Found:
    """What runs on the requested instance type."""
    if request.instance_type is None:
        return found

    def problem() -> Problem:
        known = dict.fromkeys(name for candidate in found.candidates for name in candidate.instance_types)
        message = f"{request} runs on {', '.join(known)} on {found.platforms}"
        others = [one.platform for one in found.elsewhere if request.instance_type in one.instance_types]
        if others:
            message += f"; on {request.instance_type} it runs on {', '.join(dict.fromkeys(others))}"
        if not known:
            message = f"{found.platforms} chooses its instances itself; leave it out"
        return Problem(f"{request.path}.instance_type", message, request.instance_type, is_combination=True)

    return found.only(lambda candidate: request.instance_type in candidate.instance_types, problem)


def with_replicas(found: Found, request: RecipeRequest) -> Found:
    """What runs on the requested number of instances."""
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
            message = "the recipe counts the instances of each of its parts; leave it out"
        if not any(candidate.instance_types for candidate in found.candidates):
            message = f"{found.platforms} chooses its instances itself; leave it out"
        return Problem(f"{request.path}.replicas", message, request.replicas, is_combination=True)

    return found.only(lambda candidate: request.replicas in candidate.accepted_replicas, problem)


def _rows_of(base_model: BaseModelRow, request: RecipeRequest, catalogue: Catalogue) -> Sequence[RecipeRow]:
    if request.task:
        return catalogue.evaluation_of(base_model.name)
    return catalogue.training_of(base_model.name)


def _fits(row: RecipeRow, request: RecipeRequest) -> bool:
    """True when the row matches the request, on whatever platform."""
    if isinstance(row, EvaluationRow):
        return request.task in row.tasks
    assert isinstance(row, TrainingRow)
    is_of_the_teacher = not row.students or request.teacher in (None, row.base_model)
    is_adapted_so = row.adaptation in (None, request.adaptation)
    is_scored_so = row.reward in (None, request.reward)
    return row.technique == request.technique and is_adapted_so and is_scored_so and is_of_the_teacher


def _no_recipe(request: RecipeRequest, base_model: BaseModelRow, catalogue: Catalogue) -> str:
    own = [offer for row in _rows_of(base_model, request, catalogue) for offer in _offers(row)]
    message = f"{request} does not exist; {base_model.name} has {listed(own) or 'none of its kind'}"
    everything: Iterable[RecipeRow] = catalogue.evaluation if request.task else catalogue.training
    fitting = [row for row in everything if _fits(row, request)]
    if not fitting and not any(
        row for row in _rows_of(base_model, request, catalogue) if _is_one(row, request)
    ):
        fitting = [row for row in everything if _is_one(row, request)]
    names = dict.fromkeys(name for row in fitting for name in row.base_models)
    others = [row for name, row in catalogue.base_models.items() if name in names]
    near = sorted(
        (row for row in others if row.is_available_in(request.environment)),
        key=lambda row: row.family != base_model.family,
    )
    if near:
        offer = request.task or _offers(fitting[0])[0]
        message += f"; {offer} exists for {listed((row.name for row in near), _MOST_OTHERS)}"
    return message


def _is_one(row: RecipeRow, request: RecipeRequest) -> bool:
    """True when the row has the requested technique, whatever weights it trains."""
    return isinstance(row, TrainingRow) and row.technique == request.technique


def _offers(row: RecipeRow) -> tuple[str, ...]:
    if isinstance(row, EvaluationRow):
        return row.tasks
    assert isinstance(row, TrainingRow)
    return (" ".join(filter(None, (row.technique, row.adaptation))),)
