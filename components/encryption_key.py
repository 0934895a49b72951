"""The customer-managed key of all stored data, and the services that may use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import ArnFormat, RemovalPolicy, Stack, aws_iam as iam, aws_kms as kms
from constructs import Construct

USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")


class EncryptionKey(kms.Key):
    """One key, rotated yearly. Principals of this account use it through their own policies.

    The key policy names CloudWatch: otherwise an alarm cannot publish to a topic under a customer-managed
    key, and no error is reported (docs: "Amazon SNS key management", "Enable compatibility between event
    sources from AWS services and encrypted topics").
    """

    def __init__(self, scope: Construct, construct_id: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Atelier: data, logs and messages",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        stack = Stack.of(self)
        of_this_account = {"StringEquals": {"aws:SourceAccount": stack.account}}
        topics = stack.format_arn(service="sns", resource="*")
        delivered_logs = stack.format_arn(service="logs", resource="*")
        log_groups = stack.format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        self._allow_use("cloudwatch.amazonaws.com", of_this_account)
        # Budgets publish to an encrypted topic, too.
        self._allow_use("budgets.amazonaws.com", of_this_account)
        # EventBridge names no source account or ARN to KMS ("is not supported for EventBridge-to-encrypted
        # topics", same page) and silently drops events that it may not encrypt. The condition allows every
        # topic of this account: topics refer to the key, so the key cannot refer to one topic.
        self._allow_use(
            "events.amazonaws.com",
            {"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": topics}},
            actions=["kms:Decrypt", "kms:GenerateDataKey*"],
        )
        self._allow_use(
            f"logs.{stack.region}.amazonaws.com",
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        )
        # Step Functions encrypts the workflow's log with this context, and this service delivers it.
        # EventBridge user guide, "Encrypting event bus logs", has the same statement.
        self._allow_use(
            "delivery.logs.amazonaws.com",
            {"StringLike": {"kms:EncryptionContext:SourceArn": delivered_logs}},
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
        )
        # Bedrock optimizes a Nova model under its own service principal before it serves it (Amazon Nova user
        # guide, "Encryption of Amazon Nova model customization jobs and artifacts": add this statement).
        self._allow_use(
            "bedrock.amazonaws.com",
            {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:bedrock:custom-model"}},
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
        )

        self._allow_link_file_systems(of_account=stack.account)

    def _allow_link_file_systems(self, *, of_account: str) -> None:
        """Allow the role with which FSx reads a linked bucket: its own policy grants no access to keys.

        Amazon FSx for Lustre guide, "Working with server-side encrypted Amazon S3 buckets".
        """
        role = Stack.of(self).format_arn(
            service="iam",
            region="",
            resource="role",
            resource_name="aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_*",
        )
        self.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=[*USE],
                resources=["*"],
                conditions={
                    "StringEquals": {
                        "kms:CallerAccount": of_account,
                        "kms:ViaService": f"s3.{Stack.of(self).region}.amazonaws.com",
                    },
                    "ArnLike": {"aws:PrincipalArn": role},
                },
            )
        )

    def _allow_use(self, service: str, when: dict[str, Any], *, actions: Sequence[str] = USE) -> None:
        self.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=[*actions],
                resources=["*"],
                conditions=when,
            )
        )
