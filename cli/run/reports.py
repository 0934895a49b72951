"""A run's report: fetched from the bucket, and its numbers as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import rendering
from client.home import home
from client.pipeline import PipelineClient


@dataclass(frozen=True)
class Fetched:
    """A report on this machine: its page, its address in the bucket and its document (report.json)."""

    path: Path
    uri: str
    document: Mapping[str, Any]


def fetch(pipeline: PipelineClient, run_id: str) -> Fetched:
    """Copy the report of a run that is over to this machine."""
    report = pipeline.report(run_id)
    path = home() / "reports" / pipeline.environment.name / run_id / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(report.page)
    return Fetched(path, report.uri, report.document)


def summary(document: Mapping[str, Any]) -> RenderableType:
    """Status, metrics of candidate and baseline side by side, and the result of each gate rule."""
    parts: list[RenderableType] = [
        Text.assemble((document["run_id"], "bold"), "  ", rendering.status(document["status"]))
    ]
    if document.get("sentence"):
        parts.append(Text(document["sentence"], style="red" if document.get("failure") else ""))
    scores = document.get("scores") or []
    if scores:
        parts.append(metrics_table(scores))
    parts += gate_lines(document.get("decision") or {})
    return Group(*parts)


def metrics_table(scores: Sequence[Mapping[str, Any]]) -> Table:
    """Every metric of every task, baseline against candidate."""
    table = Table("metric", "baseline", "candidate", "change", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for task, metric, baseline, candidate in _pairs(scores):
        change = candidate - baseline if candidate is not None and baseline is not None else None
        table.add_row(f"{task}.{metric}", _number(baseline), _number(candidate), _number(change, sign=True))
    return table


def gate_lines(decision: Mapping[str, Any]) -> Iterator[Text]:
    """One line a gate rule: whether it passed, and why."""
    for rule in decision.get("rules", ()):
        mark, style = ("✓", "green") if rule["passed"] else ("✗", "red")
        yield Text.assemble((f"{mark} ", style), rule["reason"])


def score_of(scores: Sequence[Mapping[str, Any]], index: int, subject: str) -> Mapping[str, Any] | None:
    """The score of one evaluation of the `candidate` or the `baseline`."""
    return next(
        (score for score in scores if score["evaluation_index"] == index and score["subject"] == subject),
        None,
    )


def _pairs(
    scores: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, str, float | None, float | None]]:
    for index in sorted({score["evaluation_index"] for score in scores}):
        baseline = score_of(scores, index, "baseline")
        candidate = score_of(scores, index, "candidate")
        either = candidate or baseline or {}
        for metric in either.get("metrics", {}):
            yield either["task"], metric, _metric(baseline, metric), _metric(candidate, metric)


def _metric(score: Mapping[str, Any] | None, metric: str) -> float | None:
    value = score["metrics"].get(metric) if score else None
    return None if value is None else float(value)


def _number(value: float | None, *, sign: bool = False) -> str:
    return "-" if value is None else f"{value:{'+' if sign else ''}.3f}"
