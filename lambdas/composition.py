"""The composition root of the functions: which adapter stands behind which port, made when first used."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from atelier.operations.model import APPROVAL
from atelier.registry import BEDROCK_ON_DEMAND, PLATFORMS
from atelier.targets.registry import target_named, target_of_kind
from lambdas.settings import Settings

if TYPE_CHECKING:
    from atelier.datasets.run_check.validation import Validation
    from atelier.operations.ports import LongRunning, Operations, TaskTokens, TrainingJobs
    from atelier.runs.checks.check_run import CheckedRun
    from atelier.runs.plan import Plan
    from atelier.storage import Objects
    from atelier.targets.base import Target
    from atelier.targets.pointer import Pointers
    from atelier.targets.ports import Deployments
    from lambdas.adapters.targets import TargetContext

# The workflow retries a state that fails; a call that hangs must fail well inside a function's own time.
_CLIENT_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 4})


@cache
def settings() -> Settings:
    """This function's environment."""
    return Settings.from_environ(os.environ)


def now() -> int:
    """Seconds since the epoch."""
    return int(time.time())


@cache
def client(service_name: str) -> Any:
    """One client a service and process."""
    return boto3.client(service_name, region_name=settings().region, config=_CLIENT_CONFIG)  # type: ignore[call-overload]


@cache
def objects() -> Objects:
    """Port Objects: Amazon S3."""
    from lambdas.adapters.s3_objects import S3Objects

    return S3Objects(s3=client("s3"))


def checked_run(event: Mapping[str, Any]) -> CheckedRun:
    """The event's run, checked; InvalidRun or UnsupportedCombination names every problem at once."""
    from atelier.runs.checks.check_run import check_run
    from atelier.runs.recipe_source import hub_of

    current = settings()
    return check_run(
        event["run"],
        environment=current.environment,
        region=current.region,
        bucket=current.bucket,
        run_id=event["run_id"],
        clusters=current.clusters,
        hub=hub_of(event["run"], objects().read),
        today=datetime.fromtimestamp(now(), UTC).date(),
    )


def plan(event: Mapping[str, Any]) -> Plan:
    """The run's plan; made again for a run that was validated before there were plans."""
    from atelier.runs.plan import read_plan

    try:
        return read_plan(event["run_id"], objects=objects(), bucket=settings().bucket)
    except FileNotFoundError:
        return checked_run(event).plan


def validation(event: Mapping[str, Any]) -> Validation:
    """The check of a run's datasets."""
    from atelier.datasets.run_check.validation import Validation

    return Validation.of(plan(event), run_id=event["run_id"], bucket=settings().bucket, objects=objects())


@cache
def jobs_of(kind: str) -> TrainingJobs:
    """Port TrainingJobs on the platform of a kind of job; `service_of` for anything slow."""
    from lambdas.adapters.platforms import AdapterContext, training_jobs

    if kind not in PLATFORMS:
        raise ValueError(f"kind = {kind!r}: not the kind of a job; accepted: {', '.join(PLATFORMS)}")
    current = settings()
    context = AdapterContext(
        client=client,
        session=lambda: boto3.Session(region_name=current.region),
        bucket=current.bucket,
        clusters=current.clusters,
        now=now,
    )
    return training_jobs(kind, context)


@cache
def operations() -> Operations:
    """Port Operations: the DynamoDB table."""
    from lambdas.adapters.dynamodb_operations import DynamoDbOperations

    return DynamoDbOperations(dynamodb=client("dynamodb"), table=settings().operations_table)


@cache
def task_tokens() -> TaskTokens:
    """Port TaskTokens: Step Functions."""
    from lambdas.adapters.step_functions_tokens import StepFunctionsTokens

    return StepFunctionsTokens(stepfunctions=client("stepfunctions"))


def target(event: Mapping[str, Any]) -> Target:
    """The target of the event's run. An execution that began before targets were a choice names none."""
    deployment = (event.get("run") or {}).get("deployment") or {}
    return target_named(deployment.get("target", BEDROCK_ON_DEMAND))


@cache
def pointers() -> Pointers:
    """Port Pointers: the DynamoDB table, published as SSM parameters."""
    from lambdas.adapters.published_pointers import PublishedPointers

    return PublishedPointers(
        dynamodb=client("dynamodb"),
        ssm=client("ssm"),
        table=settings().operations_table,
        environment=settings().environment,
    )


@cache
def deployments(target_name: str) -> Deployments:
    """Port Deployments of a target."""
    from lambdas.adapters.targets import deployments as deployments_of

    return deployments_of(target_name, _target_context())


@cache
def service_of(kind: str) -> LongRunning:
    """The service behind an operation's kind; every other service's client stays unmade."""
    if kind == APPROVAL:
        from lambdas.adapters.sns_approvals import SnsApprovals

        return SnsApprovals(sns=client("sns"), operations=operations())
    target_name = target_of_kind(kind)
    if target_name is None:
        return jobs_of(kind)
    from lambdas.adapters.targets import service

    return service(target_name, kind, _target_context())


def _target_context() -> TargetContext:
    from lambdas.adapters.targets import TargetContext

    return TargetContext(
        client=client,
        pointers=pointers,
        imported_models_quota=settings().imported_models_quota,
        now=now,
    )
