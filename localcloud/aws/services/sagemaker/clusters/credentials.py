"""What a node's instance gives to whatever runs on it: the execution role's credentials, and where AWS is."""

from __future__ import annotations

from localcloud.aws.services.authorization import ServiceRole
from localcloud.aws.services.sagemaker.clusters.cluster import Group, HyperPodCluster, Node
from localcloud.common.endpoint import Endpoint

PRINCIPAL = "sagemaker.amazonaws.com"


def execution_role(cluster: HyperPodCluster, group: Group) -> ServiceRole:
    """The group's role. ServiceError unless it trusts SageMaker, now."""
    role = ServiceRole(group.execution_role, cluster.account_id)
    role.require_trust(PRINCIPAL, cluster.arn, cluster.region)
    return role


def node_environ(cluster: HyperPodCluster, group: Group, node: Node, endpoint: Endpoint) -> dict[str, str]:
    """Variables of a process on the node, with a fresh session of the role, named as AWS names it.

    ServiceError when the role is gone, or does not trust SageMaker any more.
    """
    session = execution_role(cluster, group).session(node.instance_id, cluster.region)
    credentials = session.get_credentials()
    assert credentials is not None
    frozen = credentials.get_frozen_credentials()
    return {
        "AWS_ACCESS_KEY_ID": frozen.access_key or "",
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key or "",
        "AWS_SESSION_TOKEN": frozen.token or "",
        "AWS_REGION": cluster.region,
        "AWS_DEFAULT_REGION": cluster.region,
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_CA_BUNDLE": endpoint.ca_bundle,
    }
