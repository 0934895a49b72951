"""Take a run back: stop what runs, bring the previous model back, delete what the run made.

Every part may be done already, so a repeated release ends where the first one would have. Results tell what
is so now, not what this call did: a retry after StillInUse reports the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier import names
from atelier.errors import RunStopped
from atelier.operations.model import Kind, Operation, OperationState, Phase
from atelier.ports import Deployments, LongRunning, Operations


@dataclass(frozen=True)
class Released:
    """Jobs stopped, models and deployments gone, and the ARN of the model brought back, if one was."""

    stopped: tuple[str, ...]
    deleted: tuple[str, ...]
    restored: str | None


def release(
    run_id: str, *, operations: Operations, jobs: LongRunning, deployments: Deployments, now: int
) -> Released:
    """Take back everything of a run. StillInUse while Bedrock is busy: the workflow calls again.

    The marker comes first: an operation that another branch of the run is just starting sees it, and stops.
    Deployments go before their model, and the previous model comes back before either.
    """
    operations.request_stop(run_id)
    rows = {operation.step: operation for operation in operations.of_run(run_id)}
    stopped = tuple(
        row.name for row in rows.values() if _stop(row, operations=operations, jobs=jobs, now=now)
    )
    deleted: list[str] = []
    restored = None
    if names.PROMOTION in rows:
        promotion = rows[names.PROMOTION].request
        if promotion["previous_model_arn"] is None:
            deployments.delete_deployment(promotion["deployment_name"], run_id=run_id)
            deleted.append(f"deployment {promotion['deployment_name']}")
        else:
            restored = _restore(promotion, deployments)
    if names.DEPLOYMENT in rows:
        deleted += retire(run_id, deployments=deployments)
    if names.CUSTOM_MODEL in rows:
        deployments.delete_model(names.custom_model_name(run_id), run_id=run_id)
        deleted.append(f"model {names.custom_model_name(run_id)}")
    return Released(stopped, tuple(deleted), restored)


def retire(run_id: str, *, deployments: Deployments) -> list[str]:
    """Delete the temporary deployment, which has done its part; returns what is gone."""
    name = names.candidate_deployment_name(run_id)
    deployments.delete_deployment(name, run_id=run_id)
    return [f"deployment {name}"]


def _stop(row: Operation, *, operations: Operations, jobs: LongRunning, now: int) -> bool:
    """Close an open operation and stop its job; True for a job that was stopped, now or before."""
    was_open = row.state is not OperationState.ENDED
    if was_open and row.kind is Kind.TRAINING_JOB:
        jobs.stop(row)
    if was_open:
        operations.close(row, at=now, error=RunStopped.__name__)
    was_stopped = was_open or row.error == RunStopped.__name__
    return row.kind is Kind.TRAINING_JOB and was_stopped and jobs.describe(row).phase is not Phase.ABSENT


def _restore(promotion: Mapping[str, Any], deployments: Deployments) -> str | None:
    """Put the previous model back where the run's serves or is about to; leave a later promotion alone."""
    serving = deployments.serving_model(promotion["deployment_name"])
    if serving is None:
        return None
    previous: str = promotion["previous_model_arn"]
    current = serving.updating_to or serving.model_arn
    if current == promotion["model_arn"]:
        deployments.update(promotion["deployment_name"], previous)
        return previous
    return previous if current == previous else None
