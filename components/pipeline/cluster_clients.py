"""Permissions of the pipeline's functions that submit, follow and stop jobs on clusters."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import (
    ArnFormat,
    Stack,
    aws_ec2 as ec2,
    aws_events as events,
    aws_kms as kms,
    aws_lambda as lambda_,
)
from constructs import Construct

from atelier.platforms.slurm.naming import status_key
from components.artifact_bucket import ArtifactBucket
from components.function_network import FunctionNetwork
from components.permissions import OWN_ID, Grantee, allow
from components.slurm.job_queue import grant_submit_slurm_jobs, slurm_clusters
from config.cluster import ClusterConfig, EksOrchestrator
from config.model import Environment


class ClusterClients(Construct):
    """Permissions on clusters, by the names that configuration gives them.

    The pipeline is deployed first and refers to no cluster's stack, so clusters are created and deleted
    without it. A cluster's own stack lets `functions` into its Kubernetes (ClusterAccess). `network` is set
    if there is a cluster on EKS, whose endpoint may be private.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        bucket: ArtifactBucket,
        key: kms.IKey,
        vpc: ec2.IVpc,
        subnet_ids: Sequence[str],
        endpoint_group: ec2.ISecurityGroup | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._names = [environment.cluster_name(cluster) for cluster in _on_eks(environment.clusters)]
        self._environment, self._bucket, self._key = environment, bucket, key
        self.functions: list[lambda_.Function] = []
        self.network: FunctionNetwork | None = None
        if self._names:
            self.network = FunctionNetwork(
                self, "Network", vpc=vpc, subnet_ids=subnet_ids, endpoint_group=endpoint_group
            )

    def grant_use(self, function: lambda_.Function) -> None:
        """Find endpoints on EKS, where a Kubernetes Role limits access, and use Slurm's queues."""
        self.functions.append(function)
        self._grant_find(function)
        grant_submit_slurm_jobs(function, environment=self._environment, bucket=self._bucket, key=self._key)

    def grant_follow(self, grantee: Grantee) -> None:
        """Read logs of jobs on clusters."""
        self._grant_find(grantee)
        self.grant_read_logs(grantee)
        for cluster in slurm_clusters(self._environment):
            self._bucket.grant_follow_slurm_jobs(grantee, cluster.name)

    def grant_read_logs(self, grantee: Grantee) -> None:
        """Read logs of cluster nodes, which include those of Nova's containers."""
        for name in self._names:
            group = Stack.of(self).format_arn(
                service="logs",
                resource="log-group",
                resource_name=f"/aws/sagemaker/Clusters/{name}/*",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            allow(grantee, "logs:FilterLogEvents", on=[group], because=OWN_ID)

    @property
    def job_changes(self) -> events.EventPattern | None:
        """S3's event when a Slurm agent updates a job's status; None without Slurm."""
        clusters = slurm_clusters(self._environment)
        if not clusters:
            return None
        prefixes = [status_key(cluster.name, "").removesuffix(".json") for cluster in clusters]
        return events.EventPattern(
            source=["aws.s3"],
            detail_type=["Object Created"],
            detail={
                "bucket": {"name": [self._bucket.bucket.bucket_name]},
                "object": {"key": [{"prefix": prefix} for prefix in prefixes]},
            },
        )

    def _grant_find(self, grantee: Grantee) -> None:
        if not self._names:
            return
        stack = Stack.of(self)
        any_cluster = stack.format_arn(service="sagemaker", resource="cluster", resource_name="*")
        allow(grantee, "sagemaker:DescribeCluster", on=[any_cluster], because=OWN_ID)
        allow(
            grantee,
            "eks:DescribeCluster",
            on=[
                stack.format_arn(service="eks", resource="cluster", resource_name=name)
                for name in self._names
            ],
        )


def _on_eks(clusters: Sequence[ClusterConfig]) -> list[ClusterConfig]:
    return [cluster for cluster in clusters if isinstance(cluster.orchestrator, EksOrchestrator)]
