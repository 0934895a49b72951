"""The status of a job on an EKS cluster, from its objects, pods and events.

Conditions: training-operator's JobStatus (Created, Running, Restarting, Suspended, Succeeded, Failed);
HyperPod's operator has Completed for Succeeded. A job of several workloads succeeds when its first workload
succeeds, and fails when any of them fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from atelier.errors import AtelierError, CapacityUnavailable, JobFailed, OperationLost
from atelier.operations.model import Phase, Status
from atelier.platforms.eks.job import ClusterJob
from atelier.platforms.eks.naming import hash_on
from atelier.platforms.eks.pods import endings, seconds_since, summary, trouble_of
from atelier.platforms.eks.resources import HYPERPOD_JOB, JOB_KINDS, Manifest, kind_of, name_of

_SUCCEEDED = frozenset({"Succeeded", "Completed"})
_EVENTS_SHOWN = 2
_ENDINGS_SHOWN = 3

Live = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """A job's objects in order (None for a missing one), its pods and events."""

    objects: Sequence[Live | None]
    pods: Sequence[Live]
    events: Sequence[Live]


def status_of(job: ClusterJob, found: Found, *, is_started: bool, now: int) -> Status:
    """The job's status. `is_started`: all objects were created, so a missing object was deleted.

    A job that has ended `leaves_something`: its objects and pods, which remain until they are deleted.
    """
    objects = [_ours(requested, live) for requested, live in zip(job.objects, found.objects, strict=True)]
    if not any(objects):
        return Status(Phase.ABSENT)
    main = objects[0]
    if main and _condition(main, _SUCCEEDED):
        return Status(Phase.SUCCEEDED, result=_result(job, main), detail="Succeeded", leaves_something=True)
    jobs = [live for live in objects if live and kind_of(live) in JOB_KINDS]
    for live in jobs:
        failed = _condition(live, {"Failed"})
        if failed:
            return _failed(JobFailed, _why_failed(live, failed, found.pods))
    missing = [requested for requested, live in zip(job.objects, objects, strict=True) if live is None]
    if any(live and "deletionTimestamp" in live["metadata"] for live in objects):
        return Status(Phase.RUNNING, detail="its objects are being deleted", is_stopping=True)
    if missing:
        return _incomplete(missing) if is_started else Status(Phase.ABSENT)
    trouble = trouble_of(found.pods, now=now, start_within_seconds=job.start_within_seconds)
    if trouble:
        return _failed(trouble.error, f"{job.name}: {trouble.cause}")
    idle = _idle(job, jobs, found, now)
    return idle or Status(Phase.RUNNING, detail=_detail(jobs, found))


def _ours(requested: Manifest, live: Live | None) -> Live | None:
    """The object if it belongs to this job, not to another of the same name."""
    return live if live is not None and hash_on(live) == hash_on(requested) else None


def _failed(error: type[AtelierError], cause: str) -> Status:
    return Status(Phase.FAILED, error=error.__name__, cause=cause, detail=cause, leaves_something=True)


def _incomplete(missing: Sequence[Manifest]) -> Status:
    names = ", ".join(f"{manifest['kind']} {name_of(manifest)}" for manifest in missing)
    return _failed(OperationLost, f"{names} was deleted, but not by Atelier; the job cannot end without it")


def _why_failed(live: Live, condition: Mapping[str, Any], pods: Sequence[Live]) -> str:
    reason = condition.get("message") or condition.get("reason") or "its operator reports no reason"
    causes = endings(pods)[:_ENDINGS_SHOWN]
    return "; ".join([f"{live['kind']} {name_of(live)} failed: {reason}", *causes])


def _idle(job: ClusterJob, jobs: Sequence[Live], found: Found, now: int) -> Status | None:
    """The failure of a job without pods after its start limit; None for other jobs.

    Such a job waits in a queue, or its operator is missing.
    """
    if found.pods:
        return None
    for live in jobs:
        suspended = _condition(live, {"Suspended"})
        since = (suspended or {}).get("lastTransitionTime") or live["metadata"].get("creationTimestamp")
        if seconds_since(since, now) < job.start_within_seconds:
            continue
        workload = f"{live['kind']} {name_of(live)}"
        if suspended:
            why = suspended.get("message") or "its queue has no room"
            return _failed(
                CapacityUnavailable, f"{workload} was not admitted within {job.start_within_seconds} s: {why}"
            )
        cause = f"{workload} got no pod within {job.start_within_seconds} s"
        events = _warnings(found.events)
        return _failed(
            JobFailed,
            "; ".join([cause, *events]) if events else f"{cause}: is its operator installed in the cluster?",
        )
    return None


def _detail(jobs: Sequence[Live], found: Found) -> str:
    states = dict.fromkeys(_latest(live) for live in jobs)
    return "; ".join([", ".join(states), summary(found.pods), *_warnings(found.events)])


def _latest(live: Live) -> str:
    """The newest true condition; conditions are listed oldest first."""
    types = [condition["type"] for condition in _conditions(live) if condition["status"] == "True"]
    return types[-1] if types else "not yet seen by its operator"


def _warnings(events: Sequence[Live]) -> list[str]:
    """The last distinct warnings, newest last."""
    texts = [
        f"{event.get('reason', 'Warning')}: {' '.join(str(event.get('message', '')).split())}"
        for event in sorted(events, key=_moment)
        if event.get("type") == "Warning"
    ]
    return list(dict.fromkeys(texts))[-_EVENTS_SHOWN:]


def _moment(event: Live) -> str:
    return str(
        event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
    )


def _condition(live: Live, types: frozenset[str] | set[str]) -> Mapping[str, Any] | None:
    for condition in _conditions(live):
        if condition["type"] in types and condition["status"] == "True":
            return condition
    return None


def _conditions(live: Live) -> Sequence[Mapping[str, Any]]:
    return (live.get("status") or {}).get("conditions") or []


def _result(job: ClusterJob, main: Live) -> dict[str, Any]:
    """The job's result: the manifest of a Nova job, or the output folder of open weights."""
    is_open = kind_of(main) == HYPERPOD_JOB
    made = {"model_artifacts": job.output_folder} if is_open else {"manifest_uri": job.manifest_uri}
    return {
        "job_name": job.name,
        "cluster": job.cluster,
        "output_s3_path": job.output_s3_path,
        "seconds": _seconds(main),
        **made,
    }


def _seconds(main: Live) -> int:
    """The job's duration as the operator reports it; 0 if it does not."""
    status = main["status"]
    ended = status.get("completionTime") or next(
        (
            condition.get("lastTransitionTime")
            for condition in _conditions(main)
            if condition["type"] in _SUCCEEDED
        ),
        None,
    )
    started = status.get("startTime") or main["metadata"].get("creationTimestamp")
    if not ended or not started:
        return 0
    return round((datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds())
