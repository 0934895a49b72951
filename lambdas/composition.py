"""The composition root of the functions: which adapter stands behind which port, made when first used."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from atelier.operations.model import OperationKind
from lambdas.settings import Settings

if TYPE_CHECKING:
    from atelier.datasets.run_check.validation import Validation
    from atelier.operations.ports import LongRunning, Operations, TaskTokens, TrainingJobs
    from atelier.runs.model import Run
    from atelier.storage import Objects
    from atelier.targets.ports import Deployments
    from lambdas.adapters.kubernetes.client import KubernetesClient

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


def validation(run: Run, *, run_id: str) -> Validation:
    """The check of a run's datasets, here."""
    from atelier.datasets.run_check.validation import Validation

    here = settings()
    return Validation.of(
        run, run_id=run_id, environment=here.environment, bucket=here.bucket, objects=objects()
    )


@cache
def jobs_of(kind: OperationKind) -> TrainingJobs:
    """Port TrainingJobs on the platform of a kind of job; `service_of` for anything slow."""
    match kind:
        case OperationKind.TRAINING_JOB:
            from lambdas.adapters.sagemaker_training_jobs import SageMakerTrainingJobs

            return SageMakerTrainingJobs(sagemaker=client("sagemaker"), logs=client("logs"))
        case OperationKind.EKS_JOB:
            from lambdas.adapters.eks_training_jobs import EksTrainingJobs

            return EksTrainingJobs(clusters=_kubernetes_clients(), logs=client("logs"), now=now)
        case OperationKind.SLURM_JOB:
            from atelier.platforms.slurm.cluster import SlurmCluster
            from lambdas.adapters.slurm_training_jobs import SlurmTrainingJobs

            here = settings()
            return SlurmTrainingJobs(
                clusters={one.name: one for one in here.clusters if isinstance(one, SlurmCluster)},
                bucket=here.bucket,
                s3=client("s3"),
                sqs=client("sqs"),
                now=now,
            )
        case _:
            raise ValueError(f"kind = {kind.value!r}: not the kind of a job")


def _kubernetes_clients() -> dict[str, KubernetesClient]:
    """A client for each cluster on EKS; none speaks before it is asked to."""
    from atelier.platforms.eks.cluster import Cluster
    from lambdas.adapters.kubernetes.connect import namespace_client

    return {
        cluster.name: namespace_client(
            cluster.name,
            cluster.namespace,
            session=boto3.Session(region_name=settings().region),
            sagemaker=client("sagemaker"),
            eks=client("eks"),
            now=now,
        )
        for cluster in settings().clusters
        if isinstance(cluster, Cluster)
    }


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


@cache
def deployments() -> Deployments:
    """Port Deployments: Bedrock on-demand deployments."""
    from lambdas.adapters.bedrock_deployments import BedrockDeployments

    return BedrockDeployments(bedrock=client("bedrock"), runtime=client("bedrock-runtime"))


@cache
def service_of(kind: OperationKind) -> LongRunning:
    """The service behind an operation's kind; every other service's client stays unmade."""
    match kind:
        case OperationKind.APPROVAL:
            from lambdas.adapters.sns_approvals import SnsApprovals

            return SnsApprovals(sns=client("sns"), operations=operations())
        case OperationKind.CUSTOM_MODEL:
            from lambdas.adapters.bedrock_custom_models import BedrockCustomModels

            return BedrockCustomModels(bedrock=client("bedrock"))
        case OperationKind.DEPLOYMENT:
            from lambdas.adapters.bedrock_deployments import BedrockDeployments

            return BedrockDeployments(bedrock=client("bedrock"), runtime=client("bedrock-runtime"))
        case OperationKind.PROMOTION:
            from lambdas.adapters.bedrock_promotions import BedrockPromotions

            return BedrockPromotions(
                bedrock=client("bedrock"), deployments=deployments(), operations=operations()
            )
        case _:
            return jobs_of(kind)
