"""Port JobLogs on the log groups of HyperPod clusters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from atelier.errors import AccessRefused
from lambdas.adapters.hyperpod_logs import HyperPodLogs
from tests.fixtures.clients import client

NAME = "tool-calling-20261123140500-s0"
ARN = "arn:aws:sagemaker:us-east-1:000000000000:cluster/abc123"
ASKED = {"logGroupName": "/aws/sagemaker/Clusters/atelier-local-nova/abc123", "filterPattern": f'"{NAME}"'}


class Stubs:
    """The adapter for one cluster on two pinned clients."""

    def __init__(self) -> None:
        sagemaker, logs = client.__wrapped__("sagemaker"), client.__wrapped__("logs")
        self.sagemaker, self.logs = Stubber(sagemaker), Stubber(logs)
        self.adapter = HyperPodLogs(clusters=["atelier-local-nova"], sagemaker=sagemaker, logs=logs)

    def add_cluster(self) -> None:
        answer = {"ClusterArn": ARN, "ClusterStatus": "InService", "InstanceGroups": []}
        self.sagemaker.add_response("describe_cluster", answer, {"ClusterName": "atelier-local-nova"})

    def add_lines(self, *lines: str) -> None:
        events = {"events": [{"message": line} for line in lines]}
        self.logs.add_response("filter_log_events", events, ASKED)


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    stubs = Stubs()
    with stubs.sagemaker, stubs.logs:
        yield stubs
        stubs.sagemaker.assert_no_pending_responses()
        stubs.logs.assert_no_pending_responses()


def test_lines_that_name_the_job_are_read_and_the_cluster_is_described_once(stubs: Stubs) -> None:
    stubs.add_cluster()
    stubs.add_lines("loading", "loss=1")
    stubs.add_lines("loading", "loss=1", "loss=0.5")

    assert list(stubs.adapter.logs(NAME)) == ["loading", "loss=1"]
    assert list(stubs.adapter.logs(NAME, containing=["loss"])) == ["loss=1", "loss=0.5"]


def test_a_cluster_that_is_not_there_or_has_logged_nothing_yet_has_no_lines(stubs: Stubs) -> None:
    stubs.sagemaker.add_client_error("describe_cluster", "ResourceNotFound")
    stubs.add_cluster()
    stubs.logs.add_client_error("filter_log_events", "ResourceNotFoundException")

    assert list(stubs.adapter.logs(NAME)) == []
    assert list(stubs.adapter.logs(NAME)) == []


def test_a_refusal_names_the_action(stubs: Stubs) -> None:
    stubs.sagemaker.add_client_error("describe_cluster", "AccessDeniedException", "no")

    with pytest.raises(AccessRefused, match="sagemaker:DescribeCluster"):
        list(stubs.adapter.logs(NAME))
