"""The file system of home directories, which outlives the Slurm cluster that mounts it."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, aws_fsx as fsx, aws_kms as kms, aws_sagemaker as sagemaker
from constructs import Construct

from components.hyperpod.network import ClusterNetwork
from config.cluster import ClusterSubnet
from config.file_systems import OpenZfs
from config.slurm_job_cluster import HOMES

Cfn = sagemaker.CfnCluster


class Homes(Construct):
    """`file_system`, an FSx for OpenZFS in the nodes' subnet and security group, with daily backups."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        home: OpenZfs,
        subnet: ClusterSubnet,
        network: ClusterNetwork,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self.file_system = fsx.CfnFileSystem(
            self,
            "FileSystem",
            file_system_type="OPENZFS",
            storage_type="SSD",
            storage_capacity=home.size_gib,
            subnet_ids=[network.subnet_ids[subnet.zone_id]],
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
                                    # HyperPod creates home directories as root.
                                    options=["rw", "crossmnt", "no_root_squash"],
                                )
                            ]
                        )
                    ],
                ),
            ),
        )
        self.file_system.apply_removal_policy(removal)
        # FSx checks the security group's rules on creation and fails without them.
        self.file_system.node.add_dependency(network.security_group)

    @property
    def mount(self) -> Cfn.ClusterInstanceStorageConfigProperty:
        """The property by which HyperPod mounts it on a new node."""
        return Cfn.ClusterInstanceStorageConfigProperty(
            fsx_open_zfs_config=Cfn.ClusterFsxOpenZfsConfigProperty(
                dns_name=self.file_system.attr_dns_name, mount_path=HOMES
            )
        )
