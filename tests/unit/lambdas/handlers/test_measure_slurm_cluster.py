"""What is measured of a Slurm cluster, and what is made of an agent that says nothing."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.handlers.measure_slurm_cluster import Agent, is_silent, measure

NOON = 1_795_435_200
AT_NOON = "2026-11-23T12:00:00+00:00"
AGENT = Agent("s3://bucket/slurm/open-weights/heartbeat.json", silent_after_seconds=300)


def heartbeat(**changes: Any) -> dict[str, Any]:
    return {"at": AT_NOON, "version": "1", "slurm": "up", "jobs": 0, **changes}


@pytest.mark.parametrize(
    ("said", "seconds", "silent"),
    [
        (heartbeat(), 300, False),
        (heartbeat(), 301, True),
        (heartbeat(slurm="down"), 0, True),
        ({}, 0, True),
    ],
)
def test_an_agent_is_silent_when_it_says_nothing_for_long_or_slurm_does_not_answer_it(
    said: dict[str, Any], seconds: int, silent: bool
) -> None:
    assert is_silent(said, now=NOON + seconds, after_seconds=300) is silent


@pytest.mark.parametrize(
    ("said", "idle", "silent"),
    [(heartbeat(), 2, 0), (heartbeat(jobs=1), 0, 0), (heartbeat(slurm="down"), 0, 1), (None, 0, 1)],
)
def test_nodes_idle_only_where_a_living_agent_has_no_job(
    said: dict[str, Any] | None, idle: int, silent: int
) -> None:
    def read(uri: str) -> bytes:
        assert uri == AGENT.heartbeat
        if said is None:
            raise FileNotFoundError(uri)
        return json.dumps(said).encode()

    keys = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    sagemaker: Any = boto3.client("sagemaker", **keys)  # type: ignore[call-overload]
    cloudwatch: Any = boto3.client("cloudwatch", **keys)  # type: ignore[call-overload]
    with Stubber(sagemaker) as asked, Stubber(cloudwatch) as told:
        groups = [("controller", 1, 1), ("compute", 2, 3)]
        described = {
            "ClusterArn": "arn:aws:sagemaker:us-east-1:111111111111:cluster/abcdefghijkl",
            "ClusterStatus": "InService",
            "InstanceGroups": [
                {"InstanceGroupName": name, "CurrentCount": current, "TargetCount": target}
                for name, current, target in groups
            ],
        }
        asked.add_response("describe_cluster", described, {"ClusterName": "open"})
        for metric, value in (("MissingNodes", 1), ("SilentAgent", silent), ("IdleNodes", idle)):
            dimensions = [{"Name": "Cluster", "Value": "open"}]
            datum = {"MetricName": metric, "Dimensions": dimensions, "Value": value, "Unit": "Count"}
            told.add_response("put_metric_data", {}, {"Namespace": "Atelier/Clusters", "MetricData": [datum]})
        measured = measure(
            "open", ["compute"], AGENT, read=read, sagemaker=sagemaker, cloudwatch=cloudwatch, now=NOON
        )
        assert measured == {"missing": 1, "idle": idle, "silent": silent}
        told.assert_no_pending_responses()
