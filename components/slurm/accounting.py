"""The database of Slurm's job history, which outlives the cluster's controller."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import RemovalPolicy, aws_ec2 as ec2, aws_kms as kms, aws_rds as rds, aws_sagemaker as sagemaker
from constructs import Construct

from components.permissions import Grantee, acknowledge, allow, allow_key
from config.slurm import AccountingDatabase

Cfn = sagemaker.CfnCluster


class Accounting(Construct):
    """A MySQL database, whose password RDS stores as a secret and rotates every week.

    It is a member of the nodes' security group, like the file systems. HyperPod names the schema after the
    cluster's id, so two clusters never share one. A stack that deletes the database takes a snapshot first,
    which needs no network.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: AccountingDatabase,
        subnet_ids: Sequence[str],
        nodes: ec2.ISecurityGroup,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        subnets = rds.CfnDBSubnetGroup(
            self,
            "Subnets",
            db_subnet_group_description="Slurm's accounts",
            # RDS requires two zones even for a single-zone database.
            subnet_ids=[*subnet_ids],
        )
        self._instance = rds.CfnDBInstance(
            self,
            "Database",
            engine="mysql",
            engine_version="8.4.9",
            db_instance_class=database.instance_class,
            allocated_storage=str(database.size_gib),
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=key.key_arn,
            master_username="slurm",
            manage_master_user_password=True,
            master_user_secret=rds.CfnDBInstance.MasterUserSecretProperty(kms_key_id=key.key_arn),
            db_subnet_group_name=subnets.ref,
            vpc_security_groups=[nodes.security_group_id],
            publicly_accessible=False,
            backup_retention_period=7,
            copy_tags_to_snapshot=True,
            auto_minor_version_upgrade=True,
        )
        self._instance.apply_removal_policy(
            RemovalPolicy.DESTROY if removal is RemovalPolicy.DESTROY else RemovalPolicy.SNAPSHOT
        )
        acknowledge(self._instance, "RDS3", because="Slurm's daemon keeps what it cannot write yet")
        acknowledge(self._instance, "RDS6", because="Slurm's accounting daemon signs in by password alone")
        acknowledge(
            self._instance, "RDS11", because="Another port hides nothing: only the nodes' group reaches it"
        )
        acknowledge(
            self._instance,
            "RDS10",
            because="A protected database blocks the rollback of the deployment that makes it; a snapshot is "
            "taken whenever a stack deletes it",
        )

    @property
    def secret_arn(self) -> str:
        """ARN of the secret with user name and password, which RDS creates."""
        return self._instance.attr_master_user_secret_secret_arn

    @property
    def database(self) -> Cfn.ClusterAccountingDatabaseProperty:
        """The `AccountingDatabase` property of the cluster."""
        return Cfn.ClusterAccountingDatabaseProperty(
            endpoint=self._instance.attr_endpoint_address, port=3306, secret_arn=self.secret_arn
        )

    def grant_sign_in(self, grantee: Grantee) -> None:
        """Read the current password."""
        allow(grantee, "secretsmanager:GetSecretValue", on=[self.secret_arn])
        allow_key(grantee, self._key, "kms:Decrypt", through="secretsmanager")
