"""IAM roles of a Slurm cluster's nodes: one for the controller, one for the others."""

from __future__ import annotations

from constructs import Construct

from components.artifact_bucket import ArtifactBucket
from components.hyperpod.node_role import NodeRole
from components.permissions import allow
from components.slurm.job_queue import JobQueue
from components.slurm.shared_storage import SharedStorage


class SlurmNodeRole(NodeRole):
    """The role of compute and login nodes, which exchange data over the shared file system.

    It has no access to the queue or the bucket's runs: a job can neither submit jobs nor read another run's
    output.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: ArtifactBucket,
        storage: SharedStorage,
        description: str = "Nodes of Atelier's Slurm cluster run as this",
    ) -> None:
        super().__init__(scope, construct_id, description=description)
        bucket.grant_read_lifecycle_scripts(self)
        allow(self, "fsx:DescribeFileSystems", on=storage.file_system_arns)


class ControllerRole(SlurmNodeRole):
    """The controller's role: its agent receives jobs, fetches their data and uploads their output."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: str,
        bucket: ArtifactBucket,
        storage: SharedStorage,
        queue: JobQueue,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            bucket=bucket,
            storage=storage,
            description="The controller of Atelier's Slurm cluster, and its agent, run as this",
        )
        queue.grant_receive(self)
        bucket.grant_run_slurm_jobs(self, cluster)
