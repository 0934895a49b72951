"""`atelier validate`: every problem of a run that can be found on this machine alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from atelier.datasets import Format, Report, Requirements
from atelier.datasets.leakage.leakage import Fingerprints, LeakageObserver
from atelier.datasets.run_check.run_datasets import Dataset, datasets_of
from atelier.errors import InvalidRun, UnsupportedCombination
from atelier.recipes.catalogue import catalogue
from atelier.runs.checks.check_run import CheckedRun, check_run
from atelier.runs.partial_run import PartialRun
from cli.data.check import check_source
from cli.data.source import Source
from client.datasets import NOWHERE, with_remote_datasets
from client.hub_recipes import hub_catalogues, synced_recipes
from client.run_file import read_run_file
from config.job_clusters import job_clusters
from config.model import Environment

# Stands for the bucket: a local dataset needs an address to be a run's dataset, and none is uploaded.
_BUCKET = "local"


@dataclass(frozen=True)
class Validated:
    """What is known of a run file: the checked run, or why there is none, and its datasets.

    `not_looked_at` are the datasets that are not on this machine, or were not requested.
    """

    checked: CheckedRun | None
    refusal: str
    reports: tuple[Report, ...]
    not_looked_at: tuple[str, ...]

    @property
    def is_valid(self) -> bool:
        """True when nothing that was checked refuses the run."""
        return self.checked is not None and all(report.is_valid for report in self.reports)


def validate_file(
    file: Path, environment: Environment, *, with_data: bool, cache: Path | None = None
) -> Validated:
    """Check a run file, and with `with_data` the datasets that it names on this machine; no network."""
    written = read_run_file(file)
    remote = with_remote_datasets(written, folder=file.parent, address=_address)
    hub = hub_catalogues(synced_recipes(remote.document, environment.region, cache))
    checked, refusal = None, ""
    try:
        checked = check_run(
            remote.document,
            environment=environment.name,
            region=environment.region,
            bucket=None,
            hub=hub,
            clusters=job_clusters(environment, bucket=_BUCKET),
            known=remote.problems,
            today=datetime.now(UTC).date(),
        )
    except (InvalidRun, UnsupportedCombination) as error:
        refusal = _as_written(str(error), remote.uploads, file.parent)
    datasets = datasets_of(checked.plan) if checked else tuple(_readable_datasets(remote.document))
    local = [dataset for dataset in datasets if dataset.uri in remote.uploads]
    reports = tuple(_check(dataset, local, remote.uploads) for dataset in local) if with_data else ()
    elsewhere = [dataset.uri for dataset in datasets if dataset not in local and dataset.uri != NOWHERE]
    not_asked_for = [] if with_data else [str(remote.uploads[dataset.uri]) for dataset in local]
    return Validated(checked, refusal, reports, (*not_asked_for, *elsewhere))


def _address(path: Path) -> str:
    return f"s3://{_BUCKET}/{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}/{path.name}"


def _as_written(message: str, uploads: Mapping[str, Path], folder: Path) -> str:
    """The message with paths as the run file has them."""
    for uri, path in uploads.items():
        message = message.replace(uri, str(path.relative_to(folder) if path.is_relative_to(folder) else path))
    return message


def _readable_datasets(document: Any) -> Iterator[Dataset]:
    """The datasets of an invalid run, with the requirements of their technique or task."""
    if not isinstance(document, Mapping):
        return
    parts, base_model = PartialRun.of(document), str(document.get("base_model"))
    for index, stage in parts.stages.items():
        for field, uri in (("train", stage.train), ("validation", stage.validation)):
            if uri:
                format_ = _format_of(stage.technique, base_model)
                trains = field == "train"
                yield Dataset(
                    (f"stages.{index}.{field}",), uri, format_, Requirements(), is_trained_on=trains
                )
    for index, evaluation in parts.evaluation.items():
        own = catalogue().tasks[evaluation.task].dataset
        if own and evaluation.dataset:
            fields, format_ = (f"evaluation.{index}.dataset",), Format(own.format)
            yield Dataset(fields, evaluation.dataset, format_, Requirements(), is_evaluation=True)


def _format_of(technique: str, base_model: str) -> Format:
    """The dataset format of a technique: Nova's has the technique's name, open weights have their own."""
    rows = catalogue()
    recipes = rows.training_of(base_model) if base_model in rows.base_models else ()
    formats = (rows.templates[row.template].dataset for row in recipes if row.technique == technique)
    return Format(next(filter(None, formats), technique))


def _check(dataset: Dataset, datasets: Sequence[Dataset], paths: Mapping[str, Path]) -> Report:
    path = paths[dataset.uri]
    source = Source(dataset.label, path.stat().st_size, lambda: path.open("rb"))
    observers = [
        LeakageObserver(_fingerprints(evaluation, paths), dataset.format, evaluation.label)
        for evaluation in datasets
        if dataset.is_trained_on and evaluation.is_evaluation
    ]
    requirements = replace(dataset.requirements, bucket=None)  # it is not uploaded yet, so it has no address
    return check_source(source, dataset.format, requirements, observers=observers)


def _fingerprints(evaluation: Dataset, paths: Mapping[str, Path]) -> Fingerprints:
    with paths[evaluation.uri].open("rb") as lines:
        return Fingerprints.of(lines, evaluation.format)
