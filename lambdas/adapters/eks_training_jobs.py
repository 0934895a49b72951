"""Port TrainingJobs on HyperPod clusters orchestrated by EKS.

Objects are created by name, so "already exists" is success when the object of the name is the requested
for, which the hash on it tells. A job of several objects is all of them or none: one that this call made is
taken away again when a later one is refused, and one that a dead call left is completed by the next
(docs/adr/0074).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from atelier.errors import AccessRefused, AtelierError, RequestRefused, ServiceUnavailable, Throttled
from atelier.operations.model import Operation, OperationState, Status
from atelier.platforms.eks.job import ClusterJob
from atelier.platforms.eks.naming import hash_on, selector
from atelier.platforms.eks.resources import EVENT, POD, Manifest, ResourceKind, kind_of, name_of
from atelier.platforms.eks.status import Found, status_of
from lambdas.adapters.hyperpod_logs import lines_of
from lambdas.adapters.kubernetes.client import AlreadyThere, KubernetesClient

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_TRANSIENT = (Throttled, ServiceUnavailable)


class EksTrainingJobs:
    """Jobs on platform `hyperpod-eks`; `clusters` by HyperPod's names, `now` in seconds since the epoch."""

    ends_by_itself = True

    def __init__(
        self,
        *,
        clusters: Mapping[str, KubernetesClient],
        logs: CloudWatchLogsClient,
        now: Callable[[], int],
    ) -> None:
        self._clusters = clusters
        self._logs = logs
        self._now = now

    def submit(self, operation: Operation) -> None:
        """Create the job's objects, or find them. RequestRefused when another object holds a name.

        What a refusal leaves half-made is taken away; what a busy cluster does, the next attempt completes.
        """
        job = ClusterJob.from_request(operation.request)
        client = self._client(job)
        made: list[dict[str, Any]] = []
        found: list[dict[str, Any]] = []
        try:
            owner: dict[str, Any] | None = None
            for manifest in job.objects:
                live, is_new = _create_or_find(client, manifest, owner)
                (made if is_new else found).append(live)
                owner = owner or live
        except AtelierError as error:
            _take_away(client, made if isinstance(error, _TRANSIENT) else [*made, *found], error)
            raise

    def describe(self, operation: Operation) -> Status:
        """The job's status, from its objects, pods and events."""
        job = ClusterJob.from_request(operation.request)
        client = self._client(job)
        ours = selector(operation.name)
        live = {
            (kind, name_of(item)): item
            for kind in _kinds(job)
            for item in client.find_all(kind, label_selector=ours)
        }
        objects = [live.get((kind_of(manifest), name_of(manifest))) for manifest in job.objects]
        pods = list(client.find_all(POD, label_selector=ours)) if any(objects) else []
        events = list(_events(client, job, pods)) if any(objects) and not _all_run(pods) else []
        is_started = operation.state is not OperationState.RECORDED
        return status_of(job, Found(objects, pods, events), is_started=is_started, now=self._now())

    def stop(self, operation: Operation) -> None:
        """Delete the job's objects and pods; a job that is gone or never was is success."""
        job = ClusterJob.from_request(operation.request)
        client = self._client(job)
        for kind in _kinds(job):
            client.delete_all(kind, label_selector=selector(operation.name))

    def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterator[str]:
        """The job's log lines, oldest first: from its pods while they exist, else from CloudWatch.

        Who may not read pods' logs, as on restricted instance groups, finds them in the cluster's log group.
        """
        for client in self._clusters.values():
            group = client.endpoint.log_group
            lines = _pod_lines(client, job_name) or lines_of(job_name, group=group, logs=self._logs)
            yield from (line for line in lines if not containing or any(text in line for text in containing))

    def _client(self, job: ClusterJob) -> KubernetesClient:
        client = self._clusters.get(job.cluster)
        if client is None or client.namespace != job.namespace:
            known = ", ".join(f"{name} ({client.namespace})" for name, client in self._clusters.items())
            raise RequestRefused(
                f"cluster = {job.cluster!r}, namespace = {job.namespace!r}: "
                f"jobs are submitted to {known or 'no cluster'}"
            )
        return client


def _create_or_find(
    client: KubernetesClient, manifest: Manifest, owner: Manifest | None
) -> tuple[dict[str, Any], bool]:
    """The object in the cluster, and whether this call made it."""
    kind, name = kind_of(manifest), name_of(manifest)
    try:
        return client.create(_owned(manifest, owner)), True
    except AlreadyThere:
        live = client.get(kind, name)
    if live is None or "deletionTimestamp" in live["metadata"] or not _is_owned(live, owner):
        raise ServiceUnavailable(f"create {kind[1]} on {name}: an earlier one is still being deleted")
    if hash_on(live) != hash_on(manifest):
        raise RequestRefused(
            f"create {kind[1]} on {name}: the name is taken by one that was made from another request "
            f"({hash_on(live) or 'not by Atelier'}, not {hash_on(manifest)})"
        )
    return live, False


def _owned(manifest: Manifest, owner: Manifest | None) -> Manifest:
    """The manifest with an owner reference, so that deleting the owner deletes it."""
    if owner is None:
        return manifest
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": owner["metadata"]["uid"],
    }
    return {**manifest, "metadata": {**manifest["metadata"], "ownerReferences": [reference]}}


def _is_owned(live: Manifest, owner: Manifest | None) -> bool:
    """False for an object whose owner is gone: the cluster is about to delete it."""
    references = live["metadata"].get("ownerReferences") or []
    return owner is None or not references or owner["metadata"]["uid"] in {ref["uid"] for ref in references}


def _take_away(client: KubernetesClient, made: Iterable[Manifest], error: AtelierError) -> None:
    for live in made:
        try:
            client.delete(kind_of(live), name_of(live), uid=live["metadata"]["uid"])
        except AtelierError as another:
            error.add_note(f"{live['kind']} {name_of(live)} could not be taken away again: {another}")


def _kinds(job: ClusterJob) -> list[ResourceKind]:
    """The kinds of a job's objects, each once, in the order of their creation."""
    return list(dict.fromkeys(kind_of(manifest) for manifest in job.objects))


def _all_run(pods: Sequence[Manifest]) -> bool:
    return bool(pods) and all(pod["status"].get("phase") == "Running" for pod in pods)


def _events(
    client: KubernetesClient, job: ClusterJob, pods: Sequence[Manifest]
) -> Iterator[Mapping[str, Any]]:
    """Warnings about the job's objects and pods."""
    names = {*map(name_of, job.objects), *map(name_of, pods)}
    for event in client.find_all(EVENT, field_selector="type=Warning"):
        if event["involvedObject"].get("name") in names:
            yield event


def _pod_lines(client: KubernetesClient, job_name: str) -> list[str]:
    """The lines of all containers in order of time, without the times and without secrets."""
    try:
        logs = [
            client.log(name_of(pod), container["name"])
            for pod in client.find_all(POD, label_selector=selector(job_name))
            for container in pod["spec"]["containers"]
        ]
    except AccessRefused:
        return []
    return [line.partition(" ")[2] for line in heapq.merge(*logs, key=_moment)]


def _moment(line: str) -> str:
    """The time before a line with nine digits of a second; Kubernetes drops trailing zeros."""
    seconds, _, fraction = line.partition(" ")[0].rstrip("Z").partition(".")
    return f"{seconds}.{fraction:<09}"
