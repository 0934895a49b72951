"""The queue by which a Slurm cluster's agent receives requests to submit and cancel jobs."""

from __future__ import annotations

from aws_cdk import Duration, Stack, aws_kms as kms, aws_sqs as sqs
from constructs import Construct

from components.artifact_bucket import ArtifactBucket
from components.permissions import Grantee, allow, allow_key, policy_owner
from config.cluster import ClusterConfig
from config.model import Environment
from config.slurm import SlurmOrchestrator
from config.slurm_job_cluster import queue_name

TRIES = 5
"""Receives before a message becomes a dead letter. No job is lost: the agent also lists job bundles."""


class JobQueue(Construct):
    """An encrypted, TLS-only queue and its dead-letter queue.

    Both have physical names, because the pipeline's policies refer to them before the cluster exists.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=name.removesuffix("-jobs") + "-dead",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "Jobs",
            queue_name=name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            # SQS's maximum, so that messages outlast the replacement of a controller.
            retention_period=Duration.days(14),
            # An initial value; the agent extends it while it works on a message.
            visibility_timeout=Duration.minutes(2),
            receive_message_wait_time=Duration.seconds(20),
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=TRIES, queue=self.dead_letters),
        )

    def grant_receive(self, grantee: Grantee) -> None:
        """Receive messages, extend their visibility timeout, and delete them."""
        allow(
            grantee,
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            on=[self.queue.queue_arn],
        )
        allow_key(grantee, self._key, "kms:Decrypt", through="sqs")


def slurm_clusters(environment: Environment) -> list[ClusterConfig]:
    """The environment's clusters with Slurm."""
    return [
        cluster for cluster in environment.clusters if isinstance(cluster.orchestrator, SlurmOrchestrator)
    ]


def grant_submit_slurm_jobs(
    grantee: Grantee, *, environment: Environment, bucket: ArtifactBucket, key: kms.IKey
) -> None:
    """Submit, follow and stop jobs on every Slurm cluster of the environment, deployed or not."""
    clusters = slurm_clusters(environment)
    stack = Stack.of(policy_owner(grantee))
    for cluster in clusters:
        bucket.grant_submit_slurm_jobs(grantee, cluster.name)
        queue = stack.format_arn(service="sqs", resource=queue_name(environment, cluster))
        allow(grantee, "sqs:GetQueueUrl", "sqs:SendMessage", on=[queue])
    if clusters:
        allow_key(grantee, key, "kms:Decrypt", "kms:GenerateDataKey", through="sqs")
