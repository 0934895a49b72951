"""Which rows of the catalogue are what is wanted, and what is nearest when none is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atelier.problems import Problem
from atelier.recipes.catalogue import Catalogue
from atelier.recipes.rows import BaseModelRow, EvaluationRow, RecipeRow, TrainingRow
from atelier.recipes.wanted import AUTO, Wanted

_LONGEST_LIST = 8


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


def candidates(wanted: Wanted, base_model: BaseModelRow, catalogue: Catalogue) -> Found:
    """What is wanted, cheapest first, whatever it runs on; or why there is none."""
    rows = [row for row in _rows_of(base_model, wanted, catalogue) if _fits(row, wanted)]
    if not rows:
        return (), [Problem(wanted.path, _no_recipe(wanted, base_model, catalogue), is_combination=True)]
    here = wanted.platforms_here or catalogue.release.available_platforms
    asked = here if wanted.platform == AUTO else (wanted.platform,)
    found = [Candidate(row, platform) for row in rows for platform in asked if platform in row.platforms]
    if found and found[0].platform in here:
        return found, []
    on = ", ".join(dict.fromkeys(platform for row in rows for platform in row.platforms))
    message = f"{wanted} does not run there; it runs on {on}"
    if found or wanted.platform == AUTO:
        message = f"{wanted} runs on {on}; this release submits to {', '.join(here)}"
    return (), [Problem(f"{wanted.path}.platform", message, wanted.platform, is_combination=True)]


def with_data_mixing(found: Sequence[Candidate], wanted: Wanted) -> Found:
    """What can mix Nova's own data in, where that is asked for; all of it, with the problem, when nothing can."""
    if wanted.data_mixing is None:
        return found, []
    mixing = [candidate for candidate in found if candidate.row.platforms[candidate.platform].data_mixing]
    if mixing:
        return mixing, []
    on = dict.fromkeys(
        name for candidate in found for name, how in candidate.row.platforms.items() if how.data_mixing
    )
    here = ", ".join(dict.fromkeys(candidate.platform for candidate in found))
    message = (
        f"{wanted} mixes no data in on {here}; accepted: {', '.join(on) or 'sft and cpt of Nova models'}"
    )
    return found, [Problem(f"{wanted.path}.data_mixing", message, is_combination=True)]


def with_instance_type(found: Sequence[Candidate], wanted: Wanted) -> Found:
    """What runs on the instance type asked for; all of it, with the problem, when nothing does."""
    if wanted.instance_type is None:
        return found, []
    narrowed = [candidate for candidate in found if wanted.instance_type in candidate.instance_types]
    if narrowed:
        return narrowed, []
    instance_types = dict.fromkeys(name for candidate in found for name in candidate.instance_types)
    platforms = ", ".join(dict.fromkeys(candidate.platform for candidate in found))
    message = f"{wanted} runs on {', '.join(instance_types)} on {platforms}"
    if not instance_types:
        message = f"{platforms} chooses its instances itself; leave it out"
    elsewhere = dict.fromkeys(
        platform
        for candidate in found
        for platform in candidate.row.platforms
        if wanted.instance_type in candidate.row.instance_types_on(platform)
    )
    if elsewhere:
        message += f", and on {wanted.instance_type} on {', '.join(elsewhere)}"
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
        if candidate.replicas
    )
    message = f"accepted: {'; '.join(counts)}"
    if not counts:
        message = "the recipe has replicas of its own for each part; leave it out"
    if not any(candidate.instance_types for candidate in found):
        message = f"{found[0].platform} chooses its instances itself; leave it out"
    return found, [Problem(f"{wanted.path}.replicas", message, wanted.replicas, is_combination=True)]


def _rows_of(base_model: BaseModelRow, wanted: Wanted, catalogue: Catalogue) -> Sequence[RecipeRow]:
    if wanted.task:
        return catalogue.evaluation_of(base_model.name)
    return catalogue.training_of(base_model.name)


def _fits(row: RecipeRow, wanted: Wanted) -> bool:
    """True when the row is what is wanted, whatever it runs on."""
    if isinstance(row, EvaluationRow):
        return wanted.task in row.tasks
    assert isinstance(row, TrainingRow)
    is_of_the_teacher = not row.students or wanted.teacher in (None, row.base_model)
    is_adapted_so = row.adaptation in (None, wanted.adaptation)
    is_scored_so = row.reward in (None, wanted.reward)
    return row.technique == wanted.technique and is_adapted_so and is_scored_so and is_of_the_teacher


def _no_recipe(wanted: Wanted, base_model: BaseModelRow, catalogue: Catalogue) -> str:
    own = [offer for row in _rows_of(base_model, wanted, catalogue) for offer in _offers(row)]
    message = f"{wanted} does not exist; {base_model.name} has {_listed(own) or 'none of its kind'}"
    everything: Iterable[RecipeRow] = catalogue.evaluation if wanted.task else catalogue.training
    others = [
        row.base_model
        for row in everything
        if _fits(row, wanted) and catalogue.base_models[row.base_model].is_available_in(wanted.environment)
    ]
    if others:
        asked = " ".join(filter(None, (wanted.technique, wanted.adaptation, wanted.task)))
        message += f"; {asked} exists for {_listed(others)}"
    return message


def _offers(row: RecipeRow) -> tuple[str, ...]:
    if isinstance(row, EvaluationRow):
        return row.tasks
    assert isinstance(row, TrainingRow)
    return (" ".join(filter(None, (row.technique, row.adaptation))),)


def _listed(words: Iterable[str]) -> str:
    known = list(dict.fromkeys(words))
    more = f" and {len(known) - _LONGEST_LIST} more" if len(known) > _LONGEST_LIST else ""
    return ", ".join(known[:_LONGEST_LIST]) + more
