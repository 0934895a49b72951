"""The datasets of a run, with the requirements of the stage or evaluation that reads each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from atelier.datasets.formats.registry import Format
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.run_check.recipe_requirements import (
    evaluation_requirements,
    training_requirements,
    validation_requirements,
)
from atelier.platforms.container import TRAIN, VALIDATION
from atelier.runs.plan import Plan


@dataclass(frozen=True)
class Dataset:
    """A file with its required format; `fields` of the run file name it."""

    fields: tuple[str, ...]
    uri: str
    format: Format
    requirements: Requirements
    is_trained_on: bool = False
    is_evaluation: bool = False

    @property
    def label(self) -> str:
        """Its name in messages: `stages.0.train (train.jsonl)`."""
        return f"{', '.join(self.fields)} ({self.uri.rpartition('/')[2]})"


def datasets_of(plan: Plan) -> tuple[Dataset, ...]:
    """In the run file's order; a file that several fields name for the same thing is there once."""
    merged: dict[tuple[str, Format, Requirements], Dataset] = {}
    for dataset in _named(plan):
        key = (dataset.uri, dataset.format, dataset.requirements)
        if before := merged.get(key):
            dataset = replace(
                before,
                fields=(*before.fields, *dataset.fields),
                is_trained_on=before.is_trained_on or dataset.is_trained_on,
            )
        merged[key] = dataset
    return tuple(merged.values())


def _named(plan: Plan) -> Iterator[Dataset]:
    for stage in plan.stages:
        assert stage.dataset_format is not None
        format_ = Format(stage.dataset_format)
        if uri := stage.data.get(TRAIN):
            requirements = training_requirements(stage)
            yield _dataset(f"{stage.field}.train", uri, format_, requirements, is_trained_on=True)
        if uri := stage.data.get(VALIDATION):
            yield _dataset(f"{stage.field}.validation", uri, format_, validation_requirements(stage))
    for evaluation in plan.evaluations:
        uri = evaluation.data.get(TRAIN)
        if uri and evaluation.dataset_format:
            field, format_ = f"{evaluation.field}.dataset", Format(evaluation.dataset_format)
            yield _dataset(field, uri, format_, evaluation_requirements(evaluation), is_evaluation=True)


def _dataset(field: str, uri: str, format_: Format, requirements: Requirements, **use: bool) -> Dataset:
    """The dataset of one field, whose media must lie in its own bucket."""
    bucket = uri.removeprefix("s3://").partition("/")[0]
    return Dataset((field,), uri, format_, replace(requirements, bucket=bucket), **use)
