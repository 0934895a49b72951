"""An FSx for Lustre file system linked to prefixes of the bucket."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aws_cdk import RemovalPolicy, aws_ec2 as ec2, aws_fsx as fsx, aws_kms as kms
from constructs import Construct

from components.artifact_bucket import ArtifactBucket
from config.file_systems import Lustre

Link = fsx.CfnDataRepositoryAssociation


class LinkedFileSystem(Construct):
    """`file_system` in the nodes' own subnet and security group, all ports open between members.

    `links` maps prefixes of the bucket to paths of the file system, where new objects appear. Only files
    below the prefixes in `written` are exported to the bucket. The file system is deleted with its cluster.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        lustre: Lustre,
        bucket: ArtifactBucket,
        key: kms.IKey,
        subnet_id: str,
        security_group: ec2.ISecurityGroup,
        links: Mapping[str, str],
        written: Collection[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.file_system = fsx.CfnFileSystem(
            self,
            "Lustre",
            file_system_type="LUSTRE",
            file_system_type_version="2.15",
            storage_type="SSD",
            storage_capacity=lustre.size_gib,
            subnet_ids=[subnet_id],
            security_group_ids=[security_group.security_group_id],
            kms_key_id=key.key_arn,
            lustre_configuration=fsx.CfnFileSystem.LustreConfigurationProperty(
                deployment_type="PERSISTENT_2",
                per_unit_storage_throughput=lustre.throughput,
                data_compression_type="LZ4",
                # FSx cannot back up a file system that is linked to a bucket.
                automatic_backup_retention_days=0,
            ),
        )
        self.file_system.apply_removal_policy(RemovalPolicy.DESTROY)
        # FSx checks the group's rules on creation and fails unless they open Lustre's ports.
        self.file_system.node.add_dependency(security_group)
        self.links = [
            self._link(prefix, path, bucket, is_written=prefix in written) for prefix, path in links.items()
        ]

    def _link(self, prefix: str, path: str, bucket: ArtifactBucket, *, is_written: bool) -> Link:
        name = "".join(word.capitalize() for word in prefix.strip("/").split("-"))
        return Link(
            self,
            name,
            file_system_id=self.file_system.ref,
            file_system_path=path,
            data_repository_path=f"s3://{bucket.bucket.bucket_name}/{prefix}",
            batch_import_meta_data_on_create=True,
            s3=Link.S3Property(
                auto_import_policy=Link.AutoImportPolicyProperty(events=["NEW", "CHANGED", "DELETED"]),
                # Not DELETED: a job that clears its folder must not delete objects.
                auto_export_policy=Link.AutoExportPolicyProperty(events=["NEW", "CHANGED"])
                if is_written
                else None,
            ),
        )
