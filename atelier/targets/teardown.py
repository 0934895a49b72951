"""Take a run back: stop what runs, bring the previous model back, delete what the run made.

Every part may be done already, so a repeated release ends where the first one would have. Results tell what
is so now, not what this call did: a retry after ResourceInUse reports the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from atelier import names
from atelier.errors import ClusterUnreachable, RunStopped
from atelier.operations.model import Operation, OperationKind, Phase
from atelier.operations.ports import LongRunning, Operations
from atelier.targets.ports import Deployments, ServingModel


@dataclass(frozen=True)
class Released:
    """Jobs stopped, models and deployments gone, and the ARN of the model brought back, if one was."""

    stopped: tuple[str, ...]
    deleted: tuple[str, ...]
    restored: str | None


def release(
    run_id: str,
    *,
    operations: Operations,
    jobs_of: Callable[[OperationKind], LongRunning],
    deployments: Deployments,
    now: int,
) -> Released:
    """Take back everything of a run. ResourceInUse while Bedrock is busy: the workflow calls again.

    The marker comes first: an operation that another branch of the run is just starting sees it, and stops.
    Deployments go before their model, and the previous model comes back before either. A stable deployment
    that serves, or is taking, another run's model stays, whoever made it; the run's model stays while that
    run would bring it back.
    """
    operations.request_stop(run_id)
    rows = {operation.step: operation for operation in operations.of_run(run_id)}
    stopped = tuple(
        row.name for row in rows.values() if _stop(row, operations=operations, jobs_of=jobs_of, now=now)
    )
    deleted: list[str] = []
    restored = None
    keeps_model = False
    if names.PROMOTION in rows:
        promotion = rows[names.PROMOTION].request
        serving = deployments.serving_model(promotion["deployment_name"])
        current = (serving.updating_to or serving.model_arn) if serving else None
        if promotion["previous_model_arn"] is not None:
            restored = _restore(promotion, current, deployments)
        elif current in (None, promotion["model_arn"]):
            deployments.delete_deployment(promotion["deployment_name"], run_id=run_id)
            deleted.append(f"deployment {promotion['deployment_name']}")
        keeps_model = serving is not None and _has_replaced(serving, promotion, operations)
    if names.DEPLOYMENT in rows:
        deleted += retire(run_id, deployments=deployments)
    if names.CUSTOM_MODEL in rows and not keeps_model:
        deployments.delete_model(names.custom_model_name(run_id), run_id=run_id)
        deleted.append(f"model {names.custom_model_name(run_id)}")
    return Released(stopped, tuple(deleted), restored)


def retire(run_id: str, *, deployments: Deployments) -> list[str]:
    """Delete the temporary deployment, which has done its part; returns what is gone."""
    name = names.candidate_deployment_name(run_id)
    deployments.delete_deployment(name, run_id=run_id)
    return [f"deployment {name}"]


def _stop(
    row: Operation, *, operations: Operations, jobs_of: Callable[[OperationKind], LongRunning], now: int
) -> bool:
    """Stop the job if it runs, then close the row; True for a job that was stopped, now or before.

    The service is asked even of a row that has ended: a function that died at the wrong moment may have
    started the job after its row was closed. A cluster that cannot be asked keeps nobody waiting.
    """
    phase = Phase.ABSENT
    if row.kind.is_job and row.error != ClusterUnreachable.__name__:
        jobs = jobs_of(row.kind)
        status = jobs.describe(row)
        phase = status.phase
        if phase is Phase.RUNNING or status.leaves_something:
            jobs.stop(row)
    operations.close(row, at=now, error=RunStopped.__name__)
    has_ended = phase in (Phase.STOPPED, Phase.FAILED)
    return phase is Phase.RUNNING or (has_ended and row.error == RunStopped.__name__)


def _has_replaced(serving: ServingModel, promotion: Mapping[str, Any], operations: Operations) -> bool:
    """True when the run whose model serves remembers this promotion's model as the previous one.

    That run may still fail and bring it back. A custom model has the name of its run.
    """
    later = operations.get(serving.model_name, names.PROMOTION)
    return later is not None and later.request["previous_model_arn"] == promotion["model_arn"]


def _restore(promotion: Mapping[str, Any], current: str | None, deployments: Deployments) -> str | None:
    """Put the previous model back where the run's serves or is about to; leave a later promotion alone."""
    previous: str = promotion["previous_model_arn"]
    if current == promotion["model_arn"]:
        deployments.update(promotion["deployment_name"], previous)
        return previous
    return previous if current == previous else None
