"""The SNS topic of notices about runs, approvals and alarms."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import aws_iam as iam, aws_kms as kms, aws_sns as sns, aws_sns_subscriptions as subscriptions
from constructs import Construct

from components.permissions import Grantee, allow, allow_key


class NoticeTopic(Construct):
    """An encrypted, TLS-only topic to which CloudWatch alarms may publish (see EncryptionKey)."""

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, addresses: Iterable[str]
    ) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        self.topic = sns.Topic(self, "Topic", display_name="Atelier", master_key=key, enforce_ssl=True)
        self.allow_publish("cloudwatch.amazonaws.com")
        for address in addresses:
            self.topic.add_subscription(subscriptions.EmailSubscription(address))

    def allow_publish(self, service: str) -> None:
        """Allow an AWS service to publish on behalf of this account."""
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.topic.stack.account}},
            )
        )

    def grant_publish(self, grantee: Grantee) -> None:
        """Publish notices."""
        allow(grantee, "sns:Publish", on=[self.topic.topic_arn])
        allow_key(grantee, self._key, "kms:Decrypt", "kms:GenerateDataKey", through="sns")
