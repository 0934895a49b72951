"""The storage stack: the key and the bucket, which outlive all other stacks."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from constructs import Construct

from components.artifact_bucket import ArtifactBucket
from components.encryption_key import EncryptionKey
from config.model import Environment


class StorageStack(Stack):
    """`key` and `bucket`, retained after the stack unless `removal` is DESTROY (see GovernedApp)."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, removal: RemovalPolicy
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env={"account": environment.account, "region": environment.region},
            termination_protection=not environment.data_may_be_destroyed,
        )
        self.data_removal = removal
        self.key = EncryptionKey(self, "Key", removal_policy=removal)
        self.bucket = ArtifactBucket(self, "Bucket", key=self.key, removal_policy=removal)
