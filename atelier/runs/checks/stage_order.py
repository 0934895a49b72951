"""Rules for the order of stages, each of which continues from the stage before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from atelier.problems import Problem
from atelier.recipes import data_mixing
from atelier.runs.model import Stage

DISTILLATION = "distillation"


def problems_of(stages: Mapping[int, Stage], *, count: int) -> Iterator[Problem]:
    """Every broken rule; `count` is the number of stages in the file, including unreadable ones."""
    for index, stage in stages.items():
        path = f"stages.{index}"
        before = stages.get(index - 1)
        if stage.technique == DISTILLATION:
            yield from _distillation(stage, stages.get(index + 1), path, is_last=index == count - 1)
        else:
            yield from _adaptation(stages, index)
        is_after_distillation = before is not None and before.technique == DISTILLATION
        if is_after_distillation and stage.train:
            message = "leave train out: the stage trains on the dataset of the distillation before it"
            yield Problem(f"{path}.train", message, stage.train)
        if stage.train is None and not is_after_distillation and (before or index == 0):
            yield Problem(f"{path}.train", "required, except after a distillation")
        if stage.teacher and stage.technique != DISTILLATION:
            yield Problem(
                f"{path}.teacher", "only a distillation has a teacher; leave teacher out", stage.teacher
            )
        if stage.data_mixing:
            mixing = stage.data_mixing
            yield from data_mixing.problems_of(mixing.customer, mixing.nova, path=f"{path}.data_mixing")


def _distillation(stage: Stage, after: Stage | None, path: str, *, is_last: bool) -> Iterator[Problem]:
    if is_last or (after and after.technique != "sft"):
        message = "makes a dataset, not a model; the next stage must be an sft, which trains on it"
        yield Problem(f"{path}.technique", message, stage.technique, is_combination=True)
    if stage.validation:
        message = "a distillation uses no validation data; move it to the next stage"
        yield Problem(f"{path}.validation", message, stage.validation)


def _adaptation(stages: Mapping[int, Stage], index: int) -> Iterator[Problem]:
    """A stage with another adaptation than the stage before it, not counting distillations."""
    earlier = [stages[i] for i in sorted(stages) if i < index and stages[i].technique != DISTILLATION]
    if earlier and earlier[-1].adaptation != stages[index].adaptation:
        message = (
            f"must be {earlier[-1].adaptation!r}, as in the stage before it, whose checkpoint it continues"
        )
        yield Problem(f"stages.{index}.adaptation", message, stages[index].adaptation, is_combination=True)
