"""The status of a job on Slurm, from its status object and the agent's heartbeat.

States are those of Slurm (squeue(1), JOB STATE CODES) and four of the agent: FETCHING the inputs, UPLOADING
the output, REFUSED, and FORGOTTEN when Slurm does not know the job any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from atelier.errors import (
    AtelierError,
    CapacityUnavailable,
    CheckpointMissing,
    ClusterUnreachable,
    JobFailed,
    OperationLost,
    RequestRefused,
)
from atelier.operations.model import Phase, Status
from atelier.platforms.slurm.cluster import SlurmCluster
from atelier.platforms.slurm.job import SlurmJob

_LINES_SHOWN = 5
_FAILED: Mapping[str, tuple[type[AtelierError], str]] = {
    "BOOT_FAIL": (CapacityUnavailable, "its nodes did not start"),
    "DEADLINE": (JobFailed, "it would not have ended before its deadline"),
    "FAILED": (JobFailed, "it failed"),
    "FORGOTTEN": (OperationLost, "Slurm does not know how it ended"),
    "NODE_FAIL": (JobFailed, "one of its nodes failed"),
    "OUT_OF_MEMORY": (JobFailed, "it ran out of memory"),
    "PREEMPTED": (CapacityUnavailable, "its nodes were taken for another job"),
    "REFUSED": (RequestRefused, "it was refused"),
    "TIMEOUT": (JobFailed, "it reached its time limit"),
}
# Message of sbatch when the cluster can never satisfy the request.
_NO_SUCH_NODES = "node configuration is not available"


@dataclass(frozen=True)
class ReportedState:
    """A job's state in the bucket: whether it is requested, its status object, the agent's heartbeat."""

    is_requested: bool
    status: Mapping[str, Any] | None
    heartbeat: Mapping[str, Any] | None


def status_of(job: SlurmJob, reported: ReportedState, *, cluster: SlurmCluster, now: int) -> Status:
    """The job's status; `now` in seconds since the epoch.

    Without a recent heartbeat the job keeps its last reported status, with the `error` with which it will
    fail if the agent stays silent until the deadline.
    """
    status = reported.status
    if status is None:
        if not reported.is_requested:
            return Status(Phase.ABSENT)
        return _with_silence(
            Status(Phase.RUNNING, detail="not yet seen by the agent"), reported, cluster, now
        )
    state = status["state"]
    if state == "COMPLETED":
        return _completed(job, status)
    if state == "CANCELLED":
        cause = f"{_name(job, status)} was cancelled, but not by Atelier: {_why(status)}"
        return Status(Phase.STOPPED, error=JobFailed.__name__, cause=cause, detail=state)
    if state in _FAILED:
        return _failed(job, status)
    running = Status(Phase.RUNNING, detail=_detail(status), is_stopping=not reported.is_requested)
    running = _with_silence(running, reported, cluster, now)
    if state == "PENDING" and reported.is_requested and not running.error:
        waited = now - status["since"]
        if waited >= job.start_within_seconds:
            cause = f"{_name(job, status)} got no nodes within {job.start_within_seconds} s: {_why(status)}"
            return _ended_badly(CapacityUnavailable, cause, leaves_something=True)
    return running


def _with_silence(status: Status, reported: ReportedState, cluster: SlurmCluster, now: int) -> Status:
    heartbeat = reported.heartbeat
    at = datetime.fromisoformat(heartbeat["at"]).timestamp() if heartbeat else None
    if at is not None and now - at < cluster.silent_after_seconds:
        if heartbeat and heartbeat["slurm"] != "up":
            return replace(status, detail=f"{status.detail}; Slurm does not answer its agent")
        return status
    silence = f"for {round(now - at)} s" if at is not None else "yet"
    cause = (
        f"the agent of cluster {cluster.name} has sent no heartbeat {silence} (limit "
        f"{cluster.silent_after_seconds} s); last state of the job: {status.detail}; check "
        "atelier-agent.service on the controller"
    )
    return replace(status, error=ClusterUnreachable.__name__, cause=cause, detail=cause)


def _completed(job: SlurmJob, status: Mapping[str, Any]) -> Status:
    if not status["output_files"]:
        cause = f"{_name(job, status)} completed without a file in {job.output_path}"
        return _ended_badly(CheckpointMissing, _with_lines(cause, status))
    started, ended = status["started_at"], status["ended_at"]
    result = {
        "job_name": job.name,
        "cluster": job.cluster,
        "output_s3_path": job.output_s3_path,
        "model_artifacts": job.output_s3_uri,
        "seconds": ended - started if started and ended else 0,
    }
    return Status(Phase.SUCCEEDED, result=result, detail="COMPLETED")


def _failed(job: SlurmJob, status: Mapping[str, Any]) -> Status:
    error, description = _FAILED[status["state"]]
    if error is RequestRefused and _NO_SUCH_NODES in status["reason"]:
        error = CapacityUnavailable
    return _ended_badly(error, _with_lines(f"{_name(job, status)}: {description}: {_why(status)}", status))


def _ended_badly(error: type[AtelierError], cause: str, *, leaves_something: bool = False) -> Status:
    return Status(
        Phase.FAILED, error=error.__name__, cause=cause, detail=cause, leaves_something=leaves_something
    )


def _name(job: SlurmJob, status: Mapping[str, Any]) -> str:
    number = status["slurm_job_id"]
    return f"{job.name} (Slurm job {number} on {job.cluster})" if number else f"{job.name} on {job.cluster}"


def _why(status: Mapping[str, Any]) -> str:
    """State, reason, exit code, signal and restarts: `FAILED, NonZeroExitCode, exit code 7`."""
    parts = [status["state"], status["reason"]]
    if status["exit_code"]:
        parts.append(f"exit code {status['exit_code']}")
    if status["signal"]:
        parts.append(f"signal {status['signal']}")
    if status["restarts"]:
        parts.append(f"restarts {status['restarts']}")
    return ", ".join(filter(None, parts))


def _detail(status: Mapping[str, Any]) -> str:
    where = f" on {status['nodes']}" if status["nodes"] else ""
    loss = f", loss {status['loss']:g}" if status["loss"] is not None else ""
    return f"{_why(status)}{where}{loss}"


def _with_lines(cause: str, status: Mapping[str, Any]) -> str:
    lines = [line for line in status["log_lines"] if line.strip()][-_LINES_SHOWN:]
    return "\n".join([f"{cause}; its log ends:", *lines]) if lines else cause
