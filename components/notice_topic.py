"""Where Atelier tells people that a run ended, waits for them, or that something is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import aws_iam as iam, aws_kms as kms, aws_sns as sns, aws_sns_subscriptions as subscriptions
from constructs import Construct

from components.permissions import Grantee, allow, allow_key


class NoticeTopic(Construct):
    """An encrypted topic, TLS only. CloudWatch may publish, else no alarm arrives (see EncryptionKey)."""

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, addresses: Iterable[str]
    ) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        self.topic = sns.Topic(self, "Topic", display_name="Atelier", master_key=key, enforce_ssl=True)
        self.let_publish("cloudwatch.amazonaws.com")
        for address in addresses:
            self.topic.add_subscription(subscriptions.EmailSubscription(address))

    def let_publish(self, service: str) -> None:
        """Let an AWS service send notices in this account's name."""
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.topic.stack.account}},
            )
        )

    def grant_publish(self, grantee: Grantee) -> None:
        """Send a notice."""
        allow(grantee, "sns:Publish", on=[self.topic.topic_arn])
        allow_key(grantee, self._key, "kms:Decrypt", "kms:GenerateDataKey", through="sns")
