"""The baseline of a candidate, and the checkpoint that its training starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from atelier.errors import BaselineMissing, UnsupportedCombination
from atelier.runs.checks.continuation import ensure_continuable
from atelier.runs.model import SERVING, Run
from atelier.storage import Objects
from atelier.targets.model_record import ModelRecord, read_record
from atelier.targets.ports import Deployments, ServingModel


@dataclass(frozen=True)
class Baseline:
    """What serves now, else the base model. `model` is what an evaluation loads: a checkpoint, or a path."""

    source: Literal["serving", "base-model"]
    model: str
    run_id: str | None = None
    model_arn: str | None = None


@dataclass(frozen=True)
class StartingPoint:
    """The baseline, and the checkpoint that training continues from (None: the base model)."""

    baseline: Baseline
    checkpoint: str | None


def find_baseline(
    run: Run,
    *,
    base_model_path: str,
    deployments_of: Callable[[str], Deployments],
    objects: Objects,
    bucket: str,
) -> StartingPoint:
    """Look up what serves under the run's deployment name and what `continue_from` names.

    BaselineMissing when one of them is on no record, UnsupportedCombination when it does not fit the run.
    """
    serving = (
        deployments_of(run.deployment.target).serving_model(run.deployment.name) if run.deployment else None
    )
    record = _record_of(serving, run, objects=objects, bucket=bucket) if serving else None
    if record and serving:
        baseline = Baseline("serving", record.checkpoint, record.run_id, serving.model_arn)
    else:
        baseline = Baseline("base-model", base_model_path)
    if run.continue_from is None:
        return StartingPoint(baseline, None)
    start = (
        record
        if run.continue_from == SERVING
        else read_record(run.continue_from, objects=objects, bucket=bucket)
    )
    if start is None:
        name = run.deployment.name if run.deployment else None
        raise BaselineMissing(f"continue_from: {SERVING}, but no deployment named {name!r} serves a model")
    ensure_continuable(
        run, base_model=start.base_model, adaptation=start.adaptation, source=f"run {start.run_id}"
    )
    return StartingPoint(baseline, start.checkpoint)


def _record_of(serving: ServingModel, run: Run, *, objects: Objects, bucket: str) -> ModelRecord:
    """The serving model's record: a model is named after the run that made it."""
    assert run.deployment
    name = run.deployment.name
    try:
        record = read_record(serving.model_name, objects=objects, bucket=bucket)
    except BaselineMissing as error:
        raise BaselineMissing(
            f"deployment.name = {name!r}: it serves model {serving.model_name!r}, which is on no record, so "
            "nothing can be compared with it; accepted: a new name, or one that a run of Atelier promoted"
        ) from error
    if record.base_model != run.base_model:
        raise UnsupportedCombination(
            f"deployment.name = {name!r}: it serves a customized {record.base_model}, the run customizes "
            f"{run.base_model}; accepted: a name of its own for each base model"
        )
    return record
