"""A cluster's nodes are there, or it is said why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.resources.await_nodes import Nodes, missing_nodes
from lambdas.resources.custom_resource import Done, NotYet, Request, ResourceFailed

ARN = "arn:aws:sagemaker:us-east-1:111111111111:cluster/abcdefghijkl"
PROPERTIES = {"ClusterName": "nova", "LeastCounts": {"system": "1", "training": "2"}, "HasEvents": "true"}


@pytest.fixture
def sagemaker() -> Any:
    return boto3.client(
        "sagemaker", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


@pytest.fixture
def stub(sagemaker: Any) -> Iterator[Stubber]:
    with Stubber(sagemaker) as stub:
        yield stub
        stub.assert_no_pending_responses()


def request(kind: str = "Create", **changes: Any) -> Request:
    return Request(kind, PROPERTIES | changes, "id", {}, "token")


def cluster(stub: Stubber, status: str, message: str = "") -> None:
    stub.add_response(
        "describe_cluster",
        {"ClusterArn": ARN, "ClusterStatus": status, "InstanceGroups": []}
        | ({"FailureMessage": message} if message else {}),
        {"ClusterName": "nova"},
    )


def nodes(stub: Stubber, *listed: tuple[str, str]) -> None:
    summaries = [
        {
            "InstanceGroupName": group,
            "InstanceId": f"i-{number:017x}",
            "InstanceType": "ml.p5.48xlarge",
            "LaunchTime": 0,
            "InstanceStatus": {"Status": status},
        }
        for number, (group, status) in enumerate(listed)
    ]
    stub.add_response("list_cluster_nodes", {"ClusterNodeSummaries": summaries}, {"ClusterName": "nova"})


def happened(stub: Stubber, *events: tuple[str, str]) -> None:
    listed = [
        {
            "EventId": "0",
            "ClusterArn": ARN,
            "ClusterName": "nova",
            "ResourceType": "Instance",
            "EventTime": 0,
            "EventLevel": level,
            "Description": text,
        }
        for level, text in events
    ]
    expected = {"ClusterName": "nova", "SortBy": "EventTime", "SortOrder": "Descending", "MaxResults": 50}
    stub.add_response("list_cluster_events", {"Events": listed}, expected)


def test_nodes_that_run_or_are_being_tested_have_arrived(sagemaker: Any, stub: Stubber) -> None:
    cluster(stub, "InService")
    nodes(stub, ("system", "Running"), ("training", "Running"), ("training", "DeepHealthCheckInProgress"))
    assert Nodes(sagemaker).look(request()) == Done(attributes={"system": "1", "training": "2"})


def test_missing_nodes_are_waited_for_with_the_events_that_tell_why(sagemaker: Any, stub: Stubber) -> None:
    cluster(stub, "InService")
    nodes(stub, ("system", "Running"), ("training", "Pending"))
    happened(stub, ("Error", "no capacity"), ("Info", "scaling"), ("Error", "no capacity"))
    assert Nodes(sagemaker).look(request()) == NotYet(
        "cluster nova is InService; group training has 0 of 2 nodes; event: no capacity"
    )


def test_a_cluster_without_events_is_not_asked_for_them(sagemaker: Any, stub: Stubber) -> None:
    cluster(stub, "Creating")
    nodes(stub)
    look = Nodes(sagemaker).look(request(HasEvents="false", LeastCounts={"training": "1"}))
    assert look == NotYet("cluster nova is Creating; group training has 0 of 1 nodes")


def test_a_failed_cluster_is_not_waited_for(sagemaker: Any, stub: Stubber) -> None:
    cluster(stub, "Failed", "Unable to retrieve subnets")
    with pytest.raises(ResourceFailed, match="cluster nova is Failed: Unable to retrieve subnets"):
        Nodes(sagemaker).look(request())


def test_a_cluster_that_failed_without_a_word_is_said_to_have(sagemaker: Any, stub: Stubber) -> None:
    cluster(stub, "RollingBack")
    with pytest.raises(ResourceFailed, match="cluster nova is RollingBack: SageMaker does not say why"):
        Nodes(sagemaker).look(request())


def test_deletion_waits_for_nobody(sagemaker: Any, stub: Stubber) -> None:
    assert Nodes(sagemaker).look(request("Delete")) == Done()


def test_a_group_that_may_be_empty_misses_nothing() -> None:
    assert missing_nodes({"training": "0"}, {}) == []
