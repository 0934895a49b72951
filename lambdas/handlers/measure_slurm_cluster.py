"""Function MeasureSlurmCluster: what a Slurm cluster misses, what idles, and whether its agent lives."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3

from atelier.platforms.slurm import naming
from lambdas.adapters.s3_objects import S3Objects
from lambdas.cluster_metrics import (
    IDLE_NODES,
    MISSING_NODES,
    SILENT_AGENT,
    current_nodes,
    missing_nodes,
    put,
)
from lambdas.composition import now

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True)
class Agent:
    """Where a cluster's agent says that it lives, and how long it may say nothing."""

    heartbeat: str
    silent_after_seconds: int


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """The schedule's event (see Guards) → {missing, idle, silent}, also as metrics."""
    return measure(
        event["cluster"],
        event["accelerated_groups"],
        Agent(
            f"s3://{event['bucket']}/{naming.heartbeat_key(event['configured_name'])}",
            event["silent_after_seconds"],
        ),
        read=S3Objects(s3=boto3.client("s3")).read,
        sagemaker=boto3.client("sagemaker"),
        cloudwatch=boto3.client("cloudwatch"),
        now=now(),
    )


def measure(
    cluster: str,
    accelerated_groups: Collection[str],
    agent: Agent,
    *,
    read: Callable[[str], bytes],
    sagemaker: SageMakerClient,
    cloudwatch: CloudWatchClient,
    now: int,
) -> dict[str, int]:
    """Put three metrics. Nothing idles as far as anyone knows while the agent is silent."""
    described = sagemaker.describe_cluster(ClusterName=cluster)
    missing = missing_nodes(described)
    put(cloudwatch, cluster, MISSING_NODES, missing)
    heartbeat = last_heartbeat(read, agent.heartbeat)
    silent = int(is_silent(heartbeat, now=now, after_seconds=agent.silent_after_seconds))
    put(cloudwatch, cluster, SILENT_AGENT, silent)
    is_used = silent or bool(heartbeat["jobs"])
    idle = 0 if is_used else current_nodes(described, accelerated_groups)
    put(cloudwatch, cluster, IDLE_NODES, idle)
    return {"missing": missing, "idle": idle, "silent": silent}


def last_heartbeat(read: Callable[[str], bytes], uri: str) -> Mapping[str, Any]:
    """The agent's last heartbeat; empty before the first."""
    try:
        heartbeat: Mapping[str, Any] = json.loads(read(uri))
    except FileNotFoundError:
        return {}
    return heartbeat


def is_silent(heartbeat: Mapping[str, Any], *, now: int, after_seconds: int) -> bool:
    """True when the heartbeat is too old, or reports that Slurm does not answer."""
    if not heartbeat or heartbeat["slurm"] != "up":
        return True
    return now - datetime.fromisoformat(heartbeat["at"]).timestamp() > after_seconds
