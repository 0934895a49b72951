"""The file systems that every node of a Slurm cluster mounts."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, aws_fsx as fsx, aws_kms as kms, aws_sagemaker as sagemaker
from constructs import Construct

from components.artifact_bucket import ArtifactBucket
from components.hyperpod.linked_file_system import LinkedFileSystem
from components.hyperpod.network import ClusterNetwork
from config.cluster import ClusterSubnet
from config.file_systems import OpenZfs
from config.slurm import SlurmOrchestrator
from config.slurm_job_cluster import HOMES, LINKS, SHARED_FOLDER

Cfn = sagemaker.CfnCluster


class SharedStorage(Construct):
    """Lustre for jobs, with the bucket's datasets in it, and OpenZFS for people's homes; `mounts` of a group.

    What is to be kept of a job goes to the bucket, so Lustre goes with the cluster; homes are people's data.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        orchestrator: SlurmOrchestrator,
        subnet: ClusterSubnet,
        network: ClusterNetwork,
        bucket: ArtifactBucket,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        subnet_id = network.subnet_ids[subnet.zone_id]
        self.lustre = LinkedFileSystem(
            self,
            "Shared",
            lustre=orchestrator.lustre,
            bucket=bucket,
            key=key,
            subnet_id=subnet_id,
            security_group=network.security_group,
            links=LINKS,
        ).file_system
        self.home = self._home(orchestrator.home, subnet, subnet_id, network, key)
        self.home.apply_removal_policy(removal)

    @property
    def mounts(self) -> list[Cfn.ClusterInstanceStorageConfigProperty]:
        """What HyperPod mounts on a node when it is made; a later change reaches new nodes only."""
        return [
            Cfn.ClusterInstanceStorageConfigProperty(
                fsx_lustre_config=Cfn.ClusterFsxLustreConfigProperty(
                    dns_name=self.lustre.attr_dns_name,
                    mount_name=self.lustre.attr_lustre_mount_name,
                    mount_path=SHARED_FOLDER,
                )
            ),
            Cfn.ClusterInstanceStorageConfigProperty(
                fsx_open_zfs_config=Cfn.ClusterFsxOpenZfsConfigProperty(
                    dns_name=self.home.attr_dns_name, mount_path=HOMES
                )
            ),
        ]

    def _home(
        self,
        home: OpenZfs,
        subnet: ClusterSubnet,
        subnet_id: str,
        network: ClusterNetwork,
        key: kms.IKey,
    ) -> fsx.CfnFileSystem:
        return fsx.CfnFileSystem(
            self,
            "Home",
            file_system_type="OPENZFS",
            storage_type="SSD",
            storage_capacity=home.size_gib,
            subnet_ids=[subnet_id],
            security_group_ids=[network.security_group.security_group_id],
            kms_key_id=key.key_arn,
            open_zfs_configuration=fsx.CfnFileSystem.OpenZFSConfigurationProperty(
                deployment_type="SINGLE_AZ_HA_2",
                throughput_capacity=home.throughput,
                automatic_backup_retention_days=7,
                root_volume_configuration=fsx.CfnFileSystem.RootVolumeConfigurationProperty(
                    data_compression_type="LZ4",
                    nfs_exports=[
                        fsx.CfnFileSystem.NfsExportsProperty(
                            client_configurations=[
                                fsx.CfnFileSystem.ClientConfigurationsProperty(
                                    clients=subnet.cidr,
                                    # HyperPod makes people's homes as root.
                                    options=["rw", "crossmnt", "no_root_squash"],
                                )
                            ]
                        )
                    ],
                ),
            ),
        )
