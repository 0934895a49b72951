"""Everything a report says, gathered from the workflow's results, the operations table, job logs and recipes.

This is the public form `report.json`. Fields are only ever added within a schema version; the keys of the
state's own input (`scores`, `decision`, `approval` …) stay as the states returned them, null where the run
did not come that far.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from atelier import names
from atelier.errors import AtelierError
from atelier.gate.decide import Decision
from atelier.gate.scores import Scores
from atelier.operations.model import Operation
from atelier.operations.ports import JobLogs
from atelier.platforms.registry import is_job
from atelier.report.curves import Curve, read_curves
from atelier.report.headline import headline
from atelier.report.steps import Step, step_of
from atelier.runs.subject import BASELINE, CANDIDATE
from atelier.storage import Objects

logger = logging.getLogger(__name__)

SCHEMA = "atelier.report/1"


@dataclass(frozen=True)
class Training:
    """One stage that was started: what ran, how its curves went, and the recipe as its container read it.

    `early_stop` says where its job was stopped, which step was kept, and why; `dataset` is what it made if it
    distilled.
    """

    stage_index: int
    technique: str
    adaptation: str
    job_name: str
    checkpoint: str | None
    early_stop: Mapping[str, Any] | None
    dataset: str | None
    curves: Mapping[str, Curve]
    recipe: str


@dataclass(frozen=True)
class MetricComparison:
    """One metric of both models, with the gate's rules on it; None where it was not measured."""

    metric: str
    candidate: float | None
    baseline: float | None
    difference: float | None
    rules: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Report:
    """The report of one run."""

    schema: str
    run_id: str
    status: str
    sentence: str
    started_at: int
    ended_at: int
    failure: Mapping[str, Any] | None
    run: Mapping[str, Any]
    recipes: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...]
    datasets: tuple[Mapping[str, Any], ...]
    baseline: Mapping[str, Any] | None
    stages: tuple[Mapping[str, Any], ...]
    training: tuple[Training, ...]
    scores: tuple[Mapping[str, Any], ...]
    metrics: tuple[MetricComparison, ...]
    decision: Mapping[str, Any] | None
    approval: Mapping[str, Any] | None
    smoke_test: Mapping[str, Any] | None
    model_arn: str | None
    promotion: Mapping[str, Any] | None
    steps: tuple[Step, ...]


def compile_report(
    event: Mapping[str, Any],
    *,
    rows: Iterable[Operation],
    jobs_of: Callable[[str], JobLogs],
    objects: Objects,
    bucket: str,
    now: int,
) -> Report:
    """The report of a run that just ended at `now`. A log or recipe that cannot be read is left out."""
    rows = list(rows)
    run = event["run"] if isinstance(event["run"], Mapping) else {}
    steps = sorted((step_of(row, run) for row in rows), key=lambda step: step.started_at)
    started_at = min((step.started_at for step in steps), default=now)
    decision = Decision.from_json(event["decision"]) if event["decision"] else None
    scores = tuple(event["scores"] or ())
    return Report(
        schema=SCHEMA,
        run_id=event["run_id"],
        status=event["status"],
        sentence=headline(event, decision),
        started_at=started_at,
        ended_at=now,
        failure=event["failure"],
        run=run,
        recipes=tuple(event["recipes"] or ()),
        warnings=tuple(event["warnings"] or ()),
        datasets=_datasets(f"s3://{bucket}/{names.validation_key(event['run_id'], 'summary.json')}", objects),
        baseline=event["baseline"],
        stages=tuple(event["stages"] or ()),
        training=tuple(
            _training(row, event, jobs_of=jobs_of, objects=objects, bucket=bucket)
            for row in sorted(filter(_is_of_a_stage, rows), key=_stage_index)
        ),
        scores=scores,
        metrics=_comparisons(Scores.from_results(scores), decision),
        decision=event["decision"],
        approval=event["approval"],
        smoke_test=event["smoke_test"],
        model_arn=event["model_arn"],
        promotion=event["promotion"],
        steps=tuple(steps),
    )


def _is_of_a_stage(row: Operation) -> bool:
    return is_job(row.kind) and row.step.startswith("s")


def _stage_index(row: Operation) -> int:
    return int(row.step[1:])


def _training(
    row: Operation,
    event: Mapping[str, Any],
    *,
    jobs_of: Callable[[str], JobLogs],
    objects: Objects,
    bucket: str,
) -> Training:
    index = _stage_index(row)
    stage = event["run"]["stages"][index]
    ended: Mapping[str, Any] = next(
        (done for done in event["stages"] or () if done["stage_index"] == index), {}
    )
    return Training(
        stage_index=index,
        technique=stage["technique"],
        adaptation=stage["adaptation"],
        job_name=row.name,
        checkpoint=ended.get("checkpoint"),
        early_stop=ended.get("early_stop"),
        dataset=ended.get("dataset"),
        curves=_curves(row, jobs_of),
        recipe=_recipe(f"s3://{bucket}/{names.recipe_key(row.run_id, row.step)}", objects),
    )


def _curves(row: Operation, jobs_of: Callable[[str], JobLogs]) -> dict[str, Curve]:
    try:
        return read_curves(jobs_of(row.kind).logs(row.name))
    except AtelierError as error:
        logger.warning("curves_left_out", extra={"job_name": row.name, "reason": str(error)})
        return {}


def _recipe(uri: str, objects: Objects) -> str:
    try:
        return objects.read(uri).decode(errors="replace")
    except (FileNotFoundError, AtelierError) as error:
        logger.warning("recipe_left_out", extra={"uri": uri, "reason": str(error)})
        return ""


def _datasets(uri: str, objects: Objects) -> tuple[Mapping[str, Any], ...]:
    """What validation found; nothing where the run did not come that far."""
    try:
        return tuple(json.loads(objects.read(uri))["datasets"])
    except FileNotFoundError:
        return ()
    except AtelierError as error:
        logger.warning("datasets_left_out", extra={"uri": uri, "reason": str(error)})
        return ()


def _comparisons(scores: Scores, decision: Decision | None) -> tuple[MetricComparison, ...]:
    candidate, baseline = scores.values(CANDIDATE), scores.values(BASELINE)
    return tuple(
        MetricComparison(
            metric=metric,
            candidate=candidate.get(metric),
            baseline=baseline.get(metric),
            difference=_difference(candidate.get(metric), baseline.get(metric)),
            rules=tuple(asdict(rule) for rule in decision.rules if rule.metric == metric) if decision else (),
        )
        for metric in scores.metrics()
    )


def _difference(candidate: float | None, baseline: float | None) -> float | None:
    return None if candidate is None or baseline is None else round(candidate - baseline, 9)
