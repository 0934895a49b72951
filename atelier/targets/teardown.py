"""Take a run back: stop what runs, bring the previous model back, delete what the run made.

Every part may be done already, so a repeated teardown ends where the first one would have. Results report the
present state, not what this call did: a retry after ResourceInUse reports the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from atelier.errors import ClusterUnreachable, RunStopped
from atelier.operations.model import Operation, Phase
from atelier.operations.ports import LongRunning, Operations
from atelier.platforms.registry import is_job
from atelier.targets.ports import Deployments
from atelier.targets.registry import target_named, target_of_kind


@dataclass(frozen=True)
class TeardownResult:
    """Jobs stopped, models and deployments gone, and the ARN of the model brought back, if one was."""

    stopped: tuple[str, ...]
    deleted: tuple[str, ...]
    restored: str | None


def teardown(
    run_id: str,
    *,
    operations: Operations,
    jobs_of: Callable[[str], LongRunning],
    deployments_of: Callable[[str], Deployments],
    now: int,
) -> TeardownResult:
    """Take back everything of a run. ResourceInUse while a target is busy: the workflow calls again.

    The marker comes first: an operation that another branch of the run is just starting sees it, and stops.
    The run's rows name its target, so that a run with an unreadable run file is torn down too.
    """
    operations.request_stop(run_id)
    rows = {operation.step: operation for operation in operations.of_run(run_id)}
    stopped = tuple(
        row.name for row in rows.values() if _stop(row, operations=operations, jobs_of=jobs_of, now=now)
    )
    deleted: tuple[str, ...] = ()
    restored = None
    targets = dict.fromkeys(name for row in rows.values() if (name := target_of_kind(row.kind)))
    for name in targets:
        reversal = target_named(name).roll_back(
            run_id, rows, operations=operations, deployments=deployments_of(name)
        )
        deleted += reversal.deleted
        restored = restored or reversal.restored
    return TeardownResult(stopped, deleted, restored)


def _stop(row: Operation, *, operations: Operations, jobs_of: Callable[[str], LongRunning], now: int) -> bool:
    """Stop the job if it runs, then close the row; True for a job that was stopped, now or before.

    The service is queried even for a row that has ended: a function that died at the wrong moment may have
    started the job after its row was closed. A cluster that cannot be queried does not delay the teardown.
    """
    phase = Phase.ABSENT
    if is_job(row.kind) and row.error != ClusterUnreachable.__name__:
        jobs = jobs_of(row.kind)
        status = jobs.describe(row)
        phase = status.phase
        if phase is Phase.RUNNING or status.leaves_something:
            jobs.stop(row)
    operations.close(row, at=now, error=RunStopped.__name__)
    has_ended = phase in (Phase.STOPPED, Phase.FAILED)
    return phase is Phase.RUNNING or (has_ended and row.error == RunStopped.__name__)
