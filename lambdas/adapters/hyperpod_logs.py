"""Port JobLogs on CloudWatch, where HyperPod's nodes send the logs of pods.

It is also all that people need: they read log groups, and have no way into a cluster's Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from atelier.platforms.eks.naming import object_name
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient


def log_group(cluster: str, arn: str) -> str:
    """Where HyperPod puts the logs of a cluster's nodes (Amazon Nova user guide)."""
    return f"/aws/sagemaker/Clusters/{cluster}/{arn.rpartition('/')[2]}"


def lines_of(job_name: str, *, group: str, logs: CloudWatchLogsClient) -> Iterator[str]:
    """The lines in a log group that name the job; none where there is no such group."""
    # CloudWatch Logs, filter pattern syntax: a term in quotes; `?` terms beside it would be ignored.
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern=f'"{object_name(job_name)}"'
    )
    with domain_errors("logs:FilterLogEvents", group):
        try:
            for page in pages:
                yield from (event["message"] for event in page["events"])
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise


class HyperPodLogs:
    """The logs of jobs on `clusters`, by HyperPod's names; a cluster that is not there has none."""

    def __init__(
        self, *, clusters: Iterable[str], sagemaker: SageMakerClient, logs: CloudWatchLogsClient
    ) -> None:
        self._clusters = tuple(clusters)
        self._sagemaker = sagemaker
        self._logs = logs
        self._groups: dict[str, str] = {}

    def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterator[str]:
        """The job's log lines so far, oldest first."""
        for cluster in self._clusters:
            group = self._group(cluster)
            lines = lines_of(job_name, group=group, logs=self._logs) if group else ()
            yield from (line for line in lines if not containing or any(text in line for text in containing))

    def _group(self, cluster: str) -> str | None:
        if cluster not in self._groups:
            with domain_errors("sagemaker:DescribeCluster", cluster):
                try:
                    arn = self._sagemaker.describe_cluster(ClusterName=cluster)["ClusterArn"]
                except ClientError as error:
                    if error_code(error) != "ResourceNotFound":
                        raise
                    return None
            self._groups[cluster] = log_group(cluster, arn)
        return self._groups[cluster]
