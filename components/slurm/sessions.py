"""Sign-in to a Slurm cluster's nodes through Session Manager, not as root."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack, aws_ssm as ssm
from constructs import Construct

from components.hyperpod.hyperpod_cluster import HyperPodCluster
from components.permissions import Grantee, allow

USER = "ubuntu"
"""A user of HyperPod's images, with the same user id on every node; it submits jobs."""

CONTENT: dict[str, Any] = {
    "schemaVersion": "1.0",
    "description": "Sign in to a node of Atelier's Slurm cluster",
    "sessionType": "Standard_Stream",
    "inputs": {
        "runAsEnabled": True,
        "runAsDefaultUser": USER,
        "idleSessionTimeout": "60",
        "shellProfile": {"linux": "cd ~ && exec bash --login"},
    },
}


class Sessions(Construct):
    """The session document; without it a session runs as root."""

    def __init__(self, scope: Construct, construct_id: str, *, cluster: HyperPodCluster) -> None:
        super().__init__(scope, construct_id)
        self._cluster = cluster
        self.document = ssm.CfnDocument(
            self,
            "Document",
            document_type="Session",
            document_format="JSON",
            content=CONTENT,
            update_method="NewVersion",
        )

    def grant_open(self, grantee: Grantee) -> None:
        """Find this cluster's nodes, open a session on one, and end one's own sessions."""
        stack = Stack.of(self)
        arn = self._cluster.cluster.attr_cluster_arn
        allow(grantee, "sagemaker:DescribeCluster", "sagemaker:ListClusterNodes", on=[arn])
        document = stack.format_arn(service="ssm", resource="document", resource_name=self.document.ref)
        allow(grantee, "ssm:StartSession", on=[arn, document])
        allow(
            grantee,
            "ssm:ResumeSession",
            "ssm:TerminateSession",
            on=[stack.format_arn(service="ssm", resource="session", resource_name="${aws:userid}-*")],
            because="A session's id begins with who opened it and ends in what SSM adds",
        )
