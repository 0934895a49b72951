"""The report as one HTML page that needs nothing else: no script, no font, no request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from atelier.report.charts import draw
from atelier.report.content import Report
from atelier.runs.subject import BASELINE, CANDIDATE

_TONES = {
    "PROMOTED": "good",
    "ACCEPTED": "good",
    "REJECTED": "warn",
    "ROLLED_BACK": "warn",
    "SUPERSEDED": "warn",
    "FAILED": "bad",
}

_NOT_MEASURED = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"


def render(report: Report) -> str:
    """The page. Everything that is not ours is escaped by the template engine, charts by pygal."""
    return _template().render(
        report=report,
        tone=_TONES.get(report.status, "warn"),
        charts={
            training.stage_index: draw(training.curves, key=f"s{training.stage_index}")
            for training in report.training
        },
        examples=_examples(report.scores),
        timeline=_timeline(report),
        run_file=yaml.safe_dump(dict(report.run), sort_keys=False, allow_unicode=True),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"when": _when, "took": took, "number": _number, "signed": _signed}
    return environment.get_template("page.html.j2")


def _examples(scores: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Answers of both models to the same prompts, side by side."""
    by_evaluation: dict[int, dict[str, Any]] = {}
    for result in scores:
        by_evaluation.setdefault(result["evaluation_index"], {})[result["subject"]] = result
    return [
        {
            "task": next(iter(results.values()))["task"],
            "pairs": _pairs(results.get(BASELINE, {}), results.get(CANDIDATE, {})),
        }
        for _, results in sorted(by_evaluation.items())
    ]


def _pairs(baseline: Mapping[str, Any], candidate: Mapping[str, Any]) -> list[dict[str, Any]]:
    pairs = []
    for before, after in zip_longest(baseline.get("examples", ()), candidate.get("examples", ())):
        shown = after or before
        same_prompt = bool(before and after and before["prompt"] == after["prompt"])
        pairs.append(
            {
                "prompt": shown["prompt"],
                "gold": shown["gold"],
                "baseline": before["inference"] if before and (same_prompt or not after) else None,
                "candidate": after["inference"] if after else None,
            }
        )
    return pairs


def _timeline(report: Report) -> list[dict[str, Any]]:
    """Each step with its place on the run's time, in per cent."""
    whole = max(report.ended_at - report.started_at, 1)
    rows = []
    for step in report.steps:
        end = step.ended_at if step.ended_at is not None else report.ended_at
        left = (step.started_at - report.started_at) / whole * 100
        rows.append(
            {
                "step": step,
                "seconds": end - step.started_at,
                "left": round(left, 2),
                "width": round(max((end - step.started_at) / whole * 100, 0.5), 2),
            }
        )
    return rows


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def took(seconds: int) -> str:
    """A duration in its two largest units: 48 s, 12 min 5 s, 3 h 20 min, 2 d 4 h."""
    counts: list[tuple[int, str]] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or counts:
            counts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in counts[:2] if count) or "0 s"


def _number(value: float | None) -> str:
    return _NOT_MEASURED if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return _NOT_MEASURED if value is None else f"{value:+.4f}".replace("-", _MINUS)
