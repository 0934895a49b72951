"""Signing in to a node of a cluster: which node, and the command that opens the session.

AWS's own tools do it: a session is a websocket of the Session Manager plugin, which botocore only returns
the address of.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.exit_codes import ExitCode
from cli.failure import CommandFailed
from config.cluster import ClusterConfig
from config.model import Environment
from config.slurm import NodeType, SlurmOrchestrator

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

TOOLS = {
    "aws": "the AWS CLI: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    "session-manager-plugin": "its Session Manager plugin: https://docs.aws.amazon.com/systems-manager/"
    "latest/userguide/session-manager-working-with-install-plugin.html",
}


@dataclass(frozen=True)
class Node:
    """An instance of a cluster. `status` is SageMaker's: Running, Pending, …"""

    group: str
    instance_id: str
    status: str


def slurm_cluster(environment: Environment, name: str) -> ClusterConfig:
    """The environment's cluster of this name, which Slurm runs."""
    known = {
        cluster.name: cluster
        for cluster in environment.clusters
        if isinstance(cluster.orchestrator, SlurmOrchestrator)
    }
    if name not in known:
        has = ", ".join(known) or "none"
        raise CommandFailed(f"cluster = {name!r}: {environment.name} has on Slurm: {has}", ExitCode.INVALID)
    return known[name]


def group_of(cluster: ClusterConfig, requested: str) -> str:
    """The requested group's name, by default the controller's."""
    groups = {group.name: group for group in cluster.groups}
    if requested and requested not in groups:
        raise CommandFailed(
            f"group = {requested!r}: {cluster.name} has {', '.join(groups)}", ExitCode.INVALID
        )
    return requested or next(
        name for name, group in groups.items() if group.slurm and group.slurm.node_type is NodeType.CONTROLLER
    )


def nodes_of(sagemaker: SageMakerClient, cluster_name: str) -> list[Node]:
    """Every node of a cluster, by HyperPod's name for it."""
    pages = sagemaker.get_paginator("list_cluster_nodes").paginate(ClusterName=cluster_name)
    return [
        Node(each["InstanceGroupName"], each["InstanceId"], each["InstanceStatus"]["Status"])
        for page in pages
        for each in page["ClusterNodeSummaries"]
    ]


def choose(nodes: Iterable[Node], *, group: str, instance_id: str) -> Node:
    """The requested node of a group, by default its first running one."""
    members = sorted((node for node in nodes if node.group == group), key=lambda node: node.instance_id)
    running = [node for node in members if node.status == "Running"]
    for node in running:
        if instance_id in ("", node.instance_id):
            return node
    has = ", ".join(f"{node.instance_id} ({node.status})" for node in members) or "no node"
    requested = f"node {instance_id}" if instance_id else "a running node"
    raise CommandFailed(f"group {group}: {requested} is not there; it has {has}")


def session_command(node: Node, *, cluster_arn: str, document: str, region: str) -> list[str]:
    """The command that opens a session on a node, named by cluster id, group and instance."""
    cluster_id = cluster_arn.rpartition("/")[2]
    target = f"sagemaker-cluster:{cluster_id}_{node.group}-{node.instance_id}"
    command = ["aws", "ssm", "start-session", "--region", region]
    return [*command, "--target", target, "--document-name", document]


def require_tools(which: Callable[[str], str | None] = shutil.which) -> None:
    """CommandFailed says what to install."""
    missing = [hint for tool, hint in TOOLS.items() if which(tool) is None]
    if missing:
        raise CommandFailed("a session needs " + ", and ".join(missing))
