"""`atelier shell`: which node, and the command that AWS's own tools are given."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.cluster import nodes as cluster_nodes
from cli.cluster.nodes import Node, choose
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed
from config.environments.dev import DEV
from tests.fixtures.commands import atelier

ARN = "arn:aws:sagemaker:us-east-1:111111111111:cluster/abc123def456"
OUTPUTS = {
    "ClusterName": "atelier-dev-slurm-01234567",
    "ClusterArn": ARN,
    "SessionDocument": "Atelier-Dev-SlurmCluster-Document-1",
}
NODES = [("compute", "i-0c", "Running"), ("controller", "i-0a", "Running"), ("compute", "i-0b", "Pending")]


class Replaced(Exception):
    """What would have taken our place."""


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """DEV with a deployed cluster, and a machine that has AWS's tools."""
    sagemaker: Any = boto3.client(
        "sagemaker", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    stub = Stubber(sagemaker)
    summaries = [
        {
            "InstanceGroupName": group,
            "InstanceId": instance_id,
            "InstanceType": "ml.m5.xlarge",
            "LaunchTime": 0,
            "InstanceStatus": {"Status": status},
        }
        for group, instance_id, status in NODES
    ]
    stub.add_response(
        "list_cluster_nodes", {"ClusterNodeSummaries": summaries}, {"ClusterName": OUTPUTS["ClusterName"]}
    )
    stub.activate()
    clients = {"sagemaker": sagemaker, "cloudformation": None}
    monkeypatch.setattr("client.connection.clients", lambda _environment: clients.__getitem__)

    def outputs(_cloudformation: object, environment: object, suffix: str) -> dict[str, str]:
        assert (environment, suffix) == (DEV, "SlurmCluster")
        return OUTPUTS

    def replaced(file: str, arguments: list[str]) -> None:
        assert file == arguments[0]
        raise Replaced(" ".join(arguments))

    monkeypatch.setattr("client.connection.stack_outputs", outputs)
    monkeypatch.setattr("cli.cluster.nodes.require_tools", lambda: None)
    monkeypatch.setattr("os.execvp", replaced)


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        ((), "controller-i-0a"),
        (("compute",), "compute-i-0c"),
        (("compute", "--node", "i-0c"), "compute-i-0c"),
    ],
)
def test_a_session_is_opened_by_aws_s_tools_in_our_place(arguments: tuple[str, ...], target: str) -> None:
    done = atelier("shell", "slurm", *arguments, "--env", "dev")
    assert isinstance(done.exception, Replaced)
    assert str(done.exception) == (
        "aws ssm start-session --region us-east-1 "
        f"--target sagemaker-cluster:abc123def456_{target} "
        "--document-name Atelier-Dev-SlurmCluster-Document-1"
    )


@pytest.mark.usefixtures("account")
def test_a_node_that_does_not_run_is_refused_with_those_that_there_are() -> None:
    done = atelier("shell", "slurm", "compute", "--node", "i-0b", "--env", "dev")
    assert done.exit_code == ExitCode.FAILED
    assert "group compute: node i-0b is not there; it has i-0b (Pending), i-0c (Running)" in done.output


def test_a_group_without_nodes_says_so() -> None:
    with pytest.raises(CommandFailed, match="group login: a running node is not there; it has no node"):
        choose([Node("compute", "i-1", "Running")], group="login", instance_id="")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nova", "--env", "prod"), "cluster = 'nova': prod has on Slurm: slurm"),
        (("slurm", "workers", "--env", "dev"), "group = 'workers': slurm has controller, compute"),
    ],
)
def test_a_wrong_name_is_told_the_right_ones(arguments: tuple[str, ...], message: str) -> None:
    done = atelier("shell", *arguments)
    assert done.exit_code == ExitCode.INVALID
    assert message in done.output


def test_missing_tools_are_named_with_where_to_get_them() -> None:
    with pytest.raises(CommandFailed) as refused:
        cluster_nodes.require_tools(lambda tool: "/usr/bin/aws" if tool == "aws" else None)
    message = str(refused.value)
    assert message.startswith("a session needs its Session Manager plugin: https://docs.aws.amazon.com/")
    with pytest.raises(CommandFailed, match=r"needs the AWS CLI: .*, and its Session Manager plugin: "):
        cluster_nodes.require_tools(lambda _tool: None)
