"""The datasets of a run, checked before anything is trained on them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from atelier.datasets.check import check
from atelier.datasets.fault import Fault
from atelier.datasets.finding import Finding
from atelier.datasets.formats import Format
from atelier.datasets.report import Report, summary
from atelier.datasets.rule import Rule
from atelier.errors import InvalidDataset
from atelier.ports import Objects
from atelier.runs.model import Run

EXISTS = Rule("exists", "A dataset that a run names is there.", "Amazon S3")


def check_datasets(run: Run, *, objects: Objects) -> list[dict[str, Any]]:
    """[{uri, role, rows, bytes}] of every dataset; `role` is its field in the run file.

    InvalidDataset tells the findings of all files at once. A file that two fields name is read once.
    """
    reports: dict[tuple[str, Format], Report] = {}
    described = []
    for role, uri, format_ in _datasets(run):
        report = reports.get((uri, format_)) or _check(uri, format_, objects)
        reports[uri, format_] = report
        described.append({"uri": uri, "role": role, "rows": report.rows, "bytes": report.bytes})
    files = list(reports.values())
    files += [_missing(uri) for uri in _scenarios(run) if not objects.exists(uri)]
    if any(not report.is_valid for report in files):
        raise InvalidDataset(summary(files))
    return described


def _datasets(run: Run) -> Iterator[tuple[str, str, Format]]:
    for index, stage in enumerate(run.stages):
        yield f"stages.{index}.train", stage.train, Format(stage.technique)
        if stage.validation:
            yield f"stages.{index}.validation", stage.validation, Format(stage.technique)
    for index, evaluation in enumerate(run.evaluation):
        yield f"evaluation.{index}.dataset", evaluation.dataset, Format(evaluation.task)


def _scenarios(run: Run) -> list[str]:
    """The smoke test's scenarios: read after training, so a missing file is better known now."""
    canary = run.deployment.canary if run.deployment else None
    return [canary.scenarios] if canary else []


def _check(uri: str, format_: Format, objects: Objects) -> Report:
    try:
        return check(BytesIO(b"".join(line + b"\n" for line in objects.lines(uri))), format_, file=uri)
    except FileNotFoundError:
        return _missing(uri)


def _missing(uri: str) -> Report:
    report = Report(file=uri)
    report.add(Finding.of(Fault(EXISTS, "", "no such object", "an object that was uploaded"), file=uri))
    return report
