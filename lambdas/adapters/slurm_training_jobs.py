"""Port TrainingJobs on HyperPod clusters orchestrated by Slurm, through the agent on their controllers.

A job's bundle in the cluster's inbox requests the job, and its removal cancels it; a
message on the cluster's queue only makes the agent look at once (docs/adr/0079).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from atelier.errors import RequestRefused
from atelier.operations.model import Operation, Status
from atelier.platforms.slurm import naming
from atelier.platforms.slurm.cluster import SlurmCluster
from atelier.platforms.slurm.job import SlurmJob
from atelier.platforms.slurm.status import ReportedState, status_of
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_MISSING = ("404", "NoSuchKey")


class SlurmTrainingJobs:
    """Jobs on platform `hyperpod-slurm`; `clusters` by their configured names, `now` in seconds."""

    ends_by_itself = True

    def __init__(
        self,
        *,
        clusters: Mapping[str, SlurmCluster],
        bucket: str,
        s3: S3Client,
        sqs: SQSClient,
        now: Callable[[], int],
    ) -> None:
        self._clusters = clusters
        self._bucket = bucket
        self._s3 = s3
        self._sqs = sqs
        self._now = now

    def submit(self, operation: Operation) -> None:
        """Put the job's bundle into the inbox and tell the agent. RequestRefused when the name is taken.

        A job that the agent has ended stays ended: the same work is found, not done again.
        """
        job = SlurmJob.from_request(operation.request)
        cluster = self._cluster(job)
        status = self._status(job)
        if status:
            _require_same(job, status["bundle_sha256"] == job.bundle_sha256)
            return
        key = naming.bundle_key(job.cluster, job.name)
        current = self._read(key)
        if current is None:
            self._write(key, job.bundle_bytes())
        else:
            _require_same(job, current == job.bundle_bytes())
        self._tell(cluster, job, "submit")

    def describe(self, operation: Operation) -> Status:
        """The job's status, as its agent reported it last."""
        job = SlurmJob.from_request(operation.request)
        cluster = self._cluster(job)
        # The bundle first: its agent removes it only after it has reported how the job ended.
        bundle = self._read(naming.bundle_key(job.cluster, job.name))
        status = self._status(job)
        if status and status["bundle_sha256"] != job.bundle_sha256:
            status = None
        heartbeat = self._read(naming.heartbeat_key(job.cluster))
        reported = ReportedState(
            is_requested=bundle == job.bundle_bytes(),
            status=status,
            heartbeat=json.loads(heartbeat) if heartbeat else None,
        )
        return status_of(job, reported, cluster=cluster, now=self._now())

    def stop(self, operation: Operation) -> None:
        """Take the job's bundle away and tell the agent; a job that has ended or never was is success."""
        job = SlurmJob.from_request(operation.request)
        cluster = self._cluster(job)
        key = naming.bundle_key(job.cluster, job.name)
        current = self._read(key)
        if current != job.bundle_bytes():
            return
        with domain_errors("s3:DeleteObject", self._uri(key)):
            self._s3.delete_object(Bucket=self._bucket, Key=key)
        self._tell(cluster, job, "cancel")

    def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterator[str]:
        """The job's log lines so far, oldest first; of its last 16 MB where it is larger."""
        for cluster in self._clusters:
            body = self._read(naming.log_key(cluster, job_name))
            for line in (body or b"").decode("utf-8", "replace").splitlines():
                if not containing or any(text in line for text in containing):
                    yield line

    def _cluster(self, job: SlurmJob) -> SlurmCluster:
        cluster = self._clusters.get(job.cluster)
        if cluster is None:
            known = ", ".join(self._clusters) or "no cluster"
            raise RequestRefused(f"cluster = {job.cluster!r}: jobs are submitted to {known}")
        return cluster

    def _status(self, job: SlurmJob) -> Mapping[str, Any] | None:
        body = self._read(naming.status_key(job.cluster, job.name))
        return None if body is None else json.loads(body)

    def _tell(self, cluster: SlurmCluster, job: SlurmJob, action: Literal["submit", "cancel"]) -> None:
        bundle = self._uri(naming.bundle_key(job.cluster, job.name))
        body = json.dumps({"action": action, "job": job.name, "bundle": bundle})
        with domain_errors("sqs:GetQueueUrl", cluster.queue_name):
            url = self._sqs.get_queue_url(QueueName=cluster.queue_name)["QueueUrl"]
        with domain_errors("sqs:SendMessage", cluster.queue_name):
            self._sqs.send_message(QueueUrl=url, MessageBody=body)

    def _read(self, key: str) -> bytes | None:
        with domain_errors("s3:GetObject", self._uri(key)):
            try:
                return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if error_code(error) in _MISSING:
                    return None
                raise

    def _write(self, key: str, body: bytes) -> None:
        with domain_errors("s3:PutObject", self._uri(key)):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"


def _require_same(job: SlurmJob, is_same: bool) -> None:
    if not is_same:
        raise RequestRefused(
            f"submit {job.name} to {job.cluster}: the name is taken by a job of another request"
        )
