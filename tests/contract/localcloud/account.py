"""The account of the embedded cloud as tests use it: a bucket, roles, users, and waiting for a condition."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from localcloud.common.home import ROOT_ACCESS_KEY, ROOT_SECRET_KEY
from localcloud.control import Cloud

T = TypeVar("T")
PACKAGE = "tests.contract.localcloud"
SCRIPTED = {
    "ATELIER_CONTAINER_MODULE": f"{PACKAGE}.scripted_container",
    "ATELIER_BASE_MODEL_MODULE": f"{PACKAGE}.scripted_base_model",
    "ATELIER_SERVING_MODULE": f"{PACKAGE}.scripted_serving",
}
BUCKET = "contract-bucket"
IMAGE = "708977205387.dkr.ecr.us-east-1.amazonaws.com/nova-fine-tune-repo:SM-TJ-SFT-latest"
PATIENCE_SECONDS = 60.0
_numbers = itertools.count(1)


def until(look: Callable[[], T | None]) -> T:
    """What `look` returns once it returns something; the wait has a limit only so that a test can fail."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing within {PATIENCE_SECONDS:.0f} s")


def policy(*statements: tuple[Sequence[str], str]) -> str:
    """A policy document that allows actions on a resource each."""
    allowed = [
        {"Effect": "Allow", "Action": list(actions), "Resource": resource} for actions, resource in statements
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


class Account:
    """Clients as the root user, and the things tests begin with."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._clients: dict[tuple[str, str], Any] = {}

    def client(
        self, service: str, access_key_id: str = ROOT_ACCESS_KEY, secret_access_key: str = ROOT_SECRET_KEY
    ) -> Any:
        """A client of the root user, or of whose keys are given; the same one every time."""
        known = self._clients.get((service, access_key_id))
        if known is None:
            session = self.cloud.session(access_key_id, secret_access_key)
            known = session.client(service, **self.cloud.client_options())  # type: ignore[call-overload]
            self._clients[service, access_key_id] = known
        return known

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            client.close()

    def fresh(self, word: str) -> str:
        """A name that nothing has yet."""
        return f"{word}-{next(_numbers)}"

    def bucket(self) -> str:
        """The bucket, with a training file in it."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="datasets/train.jsonl", Body=b"{}\n")
        s3.put_object(Bucket=BUCKET, Key="runs/r/recipe/recipe.yaml", Body=b"run: {}\n")
        return BUCKET

    def role(self, service: str, allowed: str, *, trust: Mapping[str, Any] | None = None) -> str:
        """A role that the service may assume for this account; its ARN."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        condition = {"Condition": trust or {"StringEquals": {"aws:SourceAccount": self.cloud.account_id}}}
        document = {"Version": "2012-10-17", "Statement": [statement | condition]}
        name = self.fresh("role")
        iam = self.client("iam")
        created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
        iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=allowed)
        return str(created["Role"]["Arn"])

    def user(self, allowed: str) -> Callable[[str], Any]:
        """A client factory for a user who may do what is allowed and nothing else."""
        name = self.fresh("user")
        iam = self.client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=allowed)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return lambda service: self.client(service, key["AccessKeyId"], key["SecretAccessKey"])

    def job(self, role_arn: str, script: str = "train", **changes: Any) -> dict[str, Any]:
        """A CreateTrainingJob request for the scripted container."""
        request: dict[str, Any] = {
            "TrainingJobName": self.fresh("job"),
            "RoleArn": role_arn,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "HyperParameters": {"base_model": "atelier-tiny/prod", "script": script},
            "InputDataConfig": [
                _channel("train", "Converse", "datasets/train.jsonl"),
                _channel("recipe", "S3Prefix", "runs/r/recipe/"),
            ],
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/runs/r/output/"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        }
        return request | changes

    def ended(self, job_name: str) -> dict[str, Any]:
        """The job's description once it has ended."""
        sagemaker = self.client("sagemaker")

        def look() -> dict[str, Any] | None:
            described: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=job_name)
            return described if described["TrainingJobStatus"] in ("Completed", "Failed", "Stopped") else None

        return until(look)


def _channel(name: str, kind: str, key: str) -> dict[str, Any]:
    source = {
        "S3DataType": kind,
        "S3Uri": f"s3://{BUCKET}/{key}",
        "S3DataDistributionType": "FullyReplicated",
    }
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}
