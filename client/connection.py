"""Connect to an environment: the embedded cloud by its record, AWS by the ordinary credential chain."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from atelier.operations.ports import JobLogs
from client.datasets import DatasetUploads
from client.deployed import Deployed
from client.deployments import DeploymentList
from client.errors import NotReachable
from client.executions import Executions
from client.pipeline import PipelineClient
from config.environments import environment_named
from config.environments.local import LOCAL
from config.job_clusters import job_clusters
from config.model import Environment
from lambdas.adapters.dynamodb_operations import DynamoDbOperations
from lambdas.adapters.platforms import AdapterContext, job_logs
from lambdas.adapters.published_pointers import PublishedPointers
from lambdas.adapters.s3_objects import S3Objects

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient

_CONFIG = Config(connect_timeout=5, retries={"mode": "standard", "max_attempts": 4})


def connect(environment_name: str) -> PipelineClient:
    """The pipeline of an environment (`local`, `dev` …).

    NotReachable when it is not deployed, or the credentials are for another account.
    """
    environment = environment_named(environment_name)
    client = clients(environment)
    outputs = pipeline_outputs(client("cloudformation"), environment)
    bucket = outputs["BucketName"]
    pointers = PublishedPointers(
        dynamodb=client("dynamodb"),
        ssm=client("ssm"),
        table=outputs["OperationsTableName"],
        environment=environment.name,
    )
    return PipelineClient(
        environment=environment,
        bucket=bucket,
        executions=Executions(
            stepfunctions=client("stepfunctions"), state_machine_arn=outputs["StateMachineArn"]
        ),
        operations=DynamoDbOperations(dynamodb=client("dynamodb"), table=outputs["OperationsTableName"]),
        logs_of=_logs_of(environment, bucket, client),
        objects=S3Objects(s3=client("s3")),
        datasets=DatasetUploads(s3=client("s3"), bucket=bucket),
        deployed=Deployed(bedrock=client("bedrock"), runtime=client("bedrock-runtime"), pointers=pointers),
        deployments=DeploymentList(bedrock=client("bedrock"), pointers=pointers),
        reconcile_now=_reconcile_now(client("lambda"), outputs["SettleFunctionName"]),
        caller=lambda: str(client("sts").get_caller_identity()["Arn"]),
    )


def clients(environment: Environment) -> Callable[[str], Any]:
    """A factory of boto3 clients for the environment; each client is made once."""
    return _local_clients() if environment is LOCAL else _aws_clients(environment)


def pipeline_outputs(cloudformation: CloudFormationClient, environment: Environment) -> dict[str, str]:
    """Outputs of the Pipeline stack."""
    return stack_outputs(cloudformation, environment, "Pipeline")


def stack_outputs(
    cloudformation: CloudFormationClient, environment: Environment, suffix: str
) -> dict[str, str]:
    """Outputs of a stack. NotReachable where it is not deployed."""
    stack = environment.stack_name(suffix)
    try:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise NotReachable(f"{stack} is not deployed: `make deploy ENV={environment.name}`") from error
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def _local_clients() -> Callable[[str], Any]:
    from client.embedded import embedded_session

    session, options = embedded_session()
    return cache(lambda service: session.client(service, config=_CONFIG, **options))  # type: ignore[call-overload]


def _aws_clients(environment: Environment) -> Callable[[str], Any]:
    session = boto3.Session(region_name=environment.region)
    account = session.client("sts", config=_CONFIG).get_caller_identity()["Account"]
    if account != environment.account:
        raise NotReachable(
            f"the credentials are for account {account}, but {environment.name} is account "
            f"{environment.account}: choose another AWS_PROFILE, or another --env"
        )
    return cache(lambda service: session.client(service, config=_CONFIG))


def _logs_of(environment: Environment, bucket: str, client: Callable[[str], Any]) -> Callable[[str], JobLogs]:
    """Job logs for people, from CloudWatch and the bucket: they cannot reach a cluster."""
    context = AdapterContext(
        client=client,
        session=lambda: boto3.Session(region_name=environment.region),
        bucket=bucket,
        clusters=job_clusters(environment, bucket=bucket),
        now=lambda: int(time.time()),
    )
    return cache(lambda platform: job_logs(platform, context))


def _reconcile_now(functions: LambdaClient, function_name: str) -> Callable[[str], None]:
    def reconcile_now(run_id: str) -> None:
        payload: Mapping[str, str] = {"run_id": run_id}
        functions.invoke(
            FunctionName=function_name, InvocationType="Event", Payload=json.dumps(payload).encode()
        )

    return reconcile_now
