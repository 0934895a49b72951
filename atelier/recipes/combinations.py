"""Which rows of the catalogue are what is wanted, and what is nearest when none is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atelier.problems import Problem, nearest
from atelier.recipes.catalogue import Catalogue
from atelier.recipes.rows import EvaluationRow, RecipeRow, TrainingRow
from atelier.recipes.wanted import AUTO, Wanted


@dataclass(frozen=True)
class Candidate:
    """A row on one of its platforms. The first instance type and number of replicas are the defaults."""

    row: RecipeRow
    platform: str

    @property
    def image(self) -> str | None:
        """The container, where the platform runs one of AWS's."""
        return self.row.platforms[self.platform].image

    @property
    def instance_types(self) -> tuple[str, ...]:
        """What it may run on; empty where the platform chooses."""
        return self.row.instance_types_on(self.platform)

    @property
    def replicas(self) -> tuple[int, ...]:
        """On how many instances it may run; empty where the platform chooses."""
        return self.row.replicas_on(self.platform)

    @property
    def accepted_replicas(self) -> tuple[int, ...]:
        """Replica counts that at least one of AWS's sources allows."""
        return self.row.accepted_replicas(self.platform)


Found = tuple[Sequence[Candidate], list[Problem]]


def candidates(wanted: Wanted, catalogue: Catalogue) -> Found:
    """What is wanted, cheapest first, whatever it runs on; or why there is none."""
    problem = _not_customizable(wanted, catalogue)
    if problem:
        return (), [problem]
    rows = [row for row in _rows(wanted, catalogue) if _mismatches(row, wanted) == 0]
    if not rows:
        return (), [Problem(wanted.path, _no_recipe(wanted, catalogue), is_combination=True)]
    here = wanted.platforms_here or catalogue.release.available_platforms
    asked = here if wanted.platform == AUTO else (wanted.platform,)
    matching = [Candidate(row, platform) for row in rows for platform in asked if platform in row.platforms]
    exists_on = list(dict.fromkeys(platform for row in rows for platform in row.platforms))
    if not matching and wanted.platform != AUTO:
        message = f"{wanted} does not run on {wanted.platform}; it runs on {', '.join(exists_on)}"
        return (), [Problem(f"{wanted.path}.platform", message, wanted.platform, is_combination=True)]
    if not matching or matching[0].platform not in here:
        message = (
            f"{wanted} runs on {', '.join(exists_on)}, not available in this release; "
            f"accepted: {', '.join(here)}"
        )
        return (), [Problem(f"{wanted.path}.platform", message, wanted.platform, is_combination=True)]
    return matching, []


def with_instance_type(found: Sequence[Candidate], wanted: Wanted) -> Found:
    """What runs on the instance type asked for; all of it, with the problem, when nothing does."""
    if wanted.instance_type is None:
        return found, []
    narrowed = [candidate for candidate in found if wanted.instance_type in candidate.instance_types]
    if narrowed:
        return narrowed, []
    instance_types = dict.fromkeys(name for candidate in found for name in candidate.instance_types)
    message = f"{wanted} runs on {', '.join(instance_types)}"
    if not instance_types:
        message = f"{found[0].platform} chooses its instances itself; leave it out"
    elsewhere = dict.fromkeys(
        platform
        for candidate in found
        for platform in candidate.row.platforms
        if wanted.instance_type in candidate.row.instance_types_on(platform)
    )
    if elsewhere:
        message += f" on {wanted.platform}; on {wanted.instance_type} it runs on {', '.join(elsewhere)}"
    return found, [
        Problem(f"{wanted.path}.instance_type", message, wanted.instance_type, is_combination=True)
    ]


def with_replicas(found: Sequence[Candidate], wanted: Wanted) -> Found:
    """What runs on as many instances as asked for; all of it, with the problem, when nothing does."""
    if wanted.replicas is None:
        return found, []
    narrowed = [candidate for candidate in found if wanted.replicas in candidate.accepted_replicas]
    if narrowed:
        return narrowed, []
    counts = dict.fromkeys(
        f"{', '.join(map(str, sorted(candidate.accepted_replicas)))} on {', '.join(candidate.instance_types)}"
        for candidate in found
        if candidate.instance_types
    )
    message = f"accepted: {'; '.join(counts)}"
    if not counts:
        message = f"{found[0].platform} chooses its instances itself; leave it out"
    return found, [Problem(f"{wanted.path}.replicas", message, wanted.replicas, is_combination=True)]


def _not_customizable(wanted: Wanted, catalogue: Catalogue) -> Problem | None:
    base_model = catalogue.base_models.get(wanted.base_model)
    if base_model is None:
        offered = [
            name
            for name, row in catalogue.base_models.items()
            if row.customizable and row.is_available_in(wanted.environment)
        ]
        return Problem("base_model", nearest(wanted.base_model, sorted(offered)), wanted.base_model)
    if not base_model.customizable:
        message = f"cannot be customized: {base_model.instead}"
        return Problem("base_model", message, wanted.base_model, is_combination=True)
    if not base_model.is_available_in(wanted.environment):
        offered = [
            name for name, row in catalogue.base_models.items() if row.is_available_in(wanted.environment)
        ]
        return Problem("base_model", nearest(wanted.base_model, sorted(offered)), wanted.base_model)
    return None


def _rows(wanted: Wanted, catalogue: Catalogue) -> Iterable[RecipeRow]:
    return catalogue.evaluation if wanted.task else catalogue.training


def _mismatches(row: RecipeRow, wanted: Wanted) -> int:
    """In how many respects a row is not what is wanted."""
    respects = [row.base_model == wanted.base_model]
    if isinstance(row, TrainingRow):
        respects += [row.technique == wanted.technique, row.adaptation == wanted.adaptation]
    if isinstance(row, EvaluationRow):
        respects += [row.task == wanted.task]
    return respects.count(False)


def _no_recipe(wanted: Wanted, catalogue: Catalogue) -> str:
    rows = [
        row
        for row in _rows(wanted, catalogue)
        if catalogue.base_models[row.base_model].is_available_in(wanted.environment)
    ]
    fewest = min(_mismatches(row, wanted) for row in rows)
    near = dict.fromkeys(_combination(row) for row in rows if _mismatches(row, wanted) == fewest)
    return f"{wanted} does not exist; nearest: {', '.join(near)}"


def _combination(row: RecipeRow) -> str:
    if isinstance(row, TrainingRow):
        return f"{row.base_model} {row.technique} {row.adaptation}"
    return f"{row.base_model} {row.task}" if isinstance(row, EvaluationRow) else row.base_model
