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
from atelier.recipes import catalogue, resolve
from atelier.runs.model import Run
from atelier.runs.recipe_request import evaluation_request, stage_request
from atelier.runs.recipe_source import NO_HUB, HubCatalogues, known_catalogue_of


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


def datasets_of(run: Run, *, environment: str, hub: HubCatalogues = NO_HUB) -> tuple[Dataset, ...]:
    """In the run file's order; a file that several fields name for the same purpose appears once."""
    merged: dict[tuple[str, Format, Requirements], Dataset] = {}
    for dataset in _named(run, environment, hub):
        key = (dataset.uri, dataset.format, dataset.requirements)
        if before := merged.get(key):
            dataset = replace(
                before,
                fields=(*before.fields, *dataset.fields),
                is_trained_on=before.is_trained_on or dataset.is_trained_on,
            )
        merged[key] = dataset
    return tuple(merged.values())


def _named(run: Run, environment: str, hub: HubCatalogues) -> Iterator[Dataset]:
    for index, stage in enumerate(run.stages):
        request = stage_request(run.base_model, stage, index, environment=environment)
        recipe = resolve(request, known_catalogue_of(stage.recipe, hub))
        assert recipe.template.dataset is not None
        format_, field = Format(recipe.template.dataset), f"stages.{index}"
        if stage.train:
            requirements = training_requirements(recipe, stage.technique)
            yield _dataset(f"{field}.train", stage.train, format_, requirements, is_trained_on=True)
        if stage.validation:
            yield _dataset(f"{field}.validation", stage.validation, format_, validation_requirements(recipe))
    for index, evaluation in enumerate(run.evaluation):
        own = catalogue().tasks[evaluation.task].dataset
        if own and evaluation.dataset:
            request = evaluation_request(run.base_model, evaluation, index, environment=environment)
            requirements = evaluation_requirements(resolve(request, catalogue()))
            field, format_ = f"evaluation.{index}.dataset", Format(own.format)
            yield _dataset(field, evaluation.dataset, format_, requirements, is_evaluation=True)


def _dataset(field: str, uri: str, format_: Format, requirements: Requirements, **use: bool) -> Dataset:
    """The dataset of one field, whose media must lie in its own bucket."""
    bucket = uri.removeprefix("s3://").partition("/")[0]
    return Dataset((field,), uri, format_, replace(requirements, bucket=bucket), **use)
