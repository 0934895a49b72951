"""The file systems that each node of a Slurm cluster mounts."""

from __future__ import annotations

from aws_cdk import aws_kms as kms, aws_sagemaker as sagemaker
from constructs import Construct

from components.artifact_bucket import ArtifactBucket
from components.hyperpod.linked_file_system import LinkedFileSystem
from components.hyperpod.network import ClusterNetwork
from components.slurm.homes import Homes
from config.cluster import ClusterSubnet
from config.file_systems import Lustre
from config.slurm_job_cluster import LINKS, SHARED_FOLDER

Cfn = sagemaker.CfnCluster


class SharedStorage(Construct):
    """FSx for Lustre, linked to the bucket's datasets, and the home directories; `mounts` has both.

    Output of jobs is uploaded to the bucket, so Lustre is deleted with the cluster. Home directories are user
    data and have a stack of their own.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        lustre: Lustre,
        homes: Homes,
        subnet: ClusterSubnet,
        network: ClusterNetwork,
        bucket: ArtifactBucket,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self._homes = homes
        self.lustre = LinkedFileSystem(
            self,
            "Shared",
            lustre=lustre,
            bucket=bucket,
            key=key,
            subnet_id=network.subnet_ids[subnet.zone_id],
            security_group=network.security_group,
            links=LINKS,
        ).file_system

    @property
    def file_system_arns(self) -> list[str]:
        """ARNs of the file systems that a node mounts."""
        return [self.lustre.attr_resource_arn, self._homes.file_system.attr_resource_arn]

    @property
    def mounts(self) -> list[Cfn.ClusterInstanceStorageConfigProperty]:
        """Properties by which HyperPod mounts them on new nodes; changes do not reach existing nodes."""
        return [
            Cfn.ClusterInstanceStorageConfigProperty(
                fsx_lustre_config=Cfn.ClusterFsxLustreConfigProperty(
                    dns_name=self.lustre.attr_dns_name,
                    mount_name=self.lustre.attr_lustre_mount_name,
                    mount_path=SHARED_FOLDER,
                )
            ),
            self._homes.mount,
        ]
