"""What the embedded cloud's services ask IAM before they act, and how they say no."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.embedded_cloud.account import Account, policy

JOB = "arn:aws:sagemaker:us-east-1:000000000000:training-job/*"
MODEL = "arn:aws:bedrock:us-east-1:000000000000:custom-model/*"
SERVED = "arn:aws:bedrock:us-east-1:000000000000:custom-model-deployment/*"
BASE_MODEL = "arn:aws:bedrock:us-east-1::foundation-model/atelier.tiny-v1:0"
HELLO = [{"role": "user", "content": [{"text": "hello"}]}]
NAMED = {"customModelDeploymentIdentifier": "d"}
JOB_NAMED = {"TrainingJobName": "j"}
ASKED_IN_JSON = {"modelId": BASE_MODEL, "body": b"{}"}
ASKED = {"modelId": BASE_MODEL, "messages": HELLO}


def refusal(call: Callable[[], Any]) -> str:
    """The message of an AccessDeniedException."""
    with pytest.raises(ClientError) as refused:
        call()
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    return str(refused.value)


@pytest.mark.parametrize(
    ("action", "resource", "service", "method", "arguments"),
    [
        ("sagemaker:DescribeTrainingJob", JOB, "sagemaker", "describe_training_job", JOB_NAMED),
        ("sagemaker:StopTrainingJob", JOB, "sagemaker", "stop_training_job", JOB_NAMED),
        ("sagemaker:ListTrainingJobs", "*", "sagemaker", "list_training_jobs", {}),
        ("bedrock:GetCustomModel", MODEL, "bedrock", "get_custom_model", {"modelIdentifier": "m"}),
        ("bedrock:DeleteCustomModel", MODEL, "bedrock", "delete_custom_model", {"modelIdentifier": "m"}),
        ("bedrock:GetCustomModelDeployment", SERVED, "bedrock", "get_custom_model_deployment", NAMED),
        ("bedrock:DeleteCustomModelDeployment", SERVED, "bedrock", "delete_custom_model_deployment", NAMED),
        ("bedrock:InvokeModel", BASE_MODEL, "bedrock-runtime", "converse", ASKED),
        ("bedrock:InvokeModelWithResponseStream", BASE_MODEL, "bedrock-runtime", "converse_stream", ASKED),
        ("bedrock:InvokeModel", BASE_MODEL, "bedrock-runtime", "invoke_model", ASKED_IN_JSON),
    ],
)  # fmt: skip
def test_a_call_without_its_action_is_refused_naming_action_and_resource(
    account: Account, action: str, resource: str, service: str, method: str, arguments: dict[str, Any]
) -> None:
    nobody, somebody = account.user(policy((["s3:*"], "*"))), account.user(policy(([action], resource)))
    said = refusal(lambda: getattr(nobody(service), method)(**arguments))
    assert f"is not authorized to perform: {action} on resource: {resource.rstrip('*')}" in said
    assert f"because no identity-based policy allows the {action} action" in said
    code = _refusal_code(lambda: getattr(somebody(service), method)(**arguments))
    assert code != "AccessDeniedException"


@pytest.mark.parametrize("missing", ["sagemaker:CreateTrainingJob", "sagemaker:AddTags", "iam:PassRole"])
def test_creating_a_tagged_job_takes_three_permissions(
    account: Account, training_role: str, missing: str
) -> None:
    needed = {"sagemaker:CreateTrainingJob": JOB, "sagemaker:AddTags": JOB, "iam:PassRole": training_role}
    user = account.user(policy(*((([action], on)) for action, on in needed.items() if action != missing)))
    request = account.job(training_role, Tags=[{"Key": "run", "Value": "r"}])
    said = refusal(lambda: user("sagemaker").create_training_job(**request))
    assert f"is not authorized to perform: {missing} on resource: " in said


@pytest.mark.parametrize("missing", ["bedrock:CreateCustomModel", "bedrock:TagResource", "iam:PassRole"])
def test_creating_a_tagged_model_takes_three_permissions(
    account: Account, model_role: str, missing: str
) -> None:
    needed = {"bedrock:CreateCustomModel": "*", "bedrock:TagResource": MODEL, "iam:PassRole": model_role}
    user = account.user(policy(*((([action], on)) for action, on in needed.items() if action != missing)))
    request = a_model(account, model_role) | {"modelTags": [{"key": "run", "value": "r"}]}
    said = refusal(lambda: user("bedrock").create_custom_model(**request))
    assert f"is not authorized to perform: {missing} on resource: " in said


def test_a_role_may_be_passed_to_one_service_only(account: Account, training_role: str) -> None:
    document = (
        '{"Version": "2012-10-17", "Statement": ['
        '{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"},'
        '{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",'
        ' "Condition": {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}}]}'
    )
    user = account.user(document)
    said = refusal(lambda: user("sagemaker").create_training_job(**account.job(training_role)))
    assert f"iam:PassRole on resource: {training_role}" in said


@pytest.mark.parametrize(
    "trust",
    [
        {"StringEquals": {"aws:SourceAccount": "111111111111"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:sagemaker:us-east-1:000000000000:processing-job/*"}},
    ],
)
def test_a_role_whose_trust_has_another_source_in_mind_is_not_assumed(
    account: Account, trust: Mapping[str, Any]
) -> None:
    role = account.role("sagemaker", policy((["s3:*"], "*")), trust=trust)
    with pytest.raises(ClientError, match="Could not assume role"):
        account.client("sagemaker").create_training_job(**account.job(role))


def test_a_role_that_trusts_another_service_is_not_assumed(account: Account, model_role: str) -> None:
    with pytest.raises(ClientError, match=r"allows principal 'sagemaker\.amazonaws\.com' to assume"):
        account.client("sagemaker").create_training_job(**account.job(model_role))


@pytest.mark.parametrize(
    ("condition", "refused_value", "change"),
    [
        ("sagemaker:InstanceTypes", "ml.p5.48xlarge", {}),
        ("aws:RequestTag/team", "others", {"Tags": [{"Key": "team", "Value": "ours"}]}),
    ],
)
def test_condition_keys_of_the_request_are_honoured(
    account: Account, training_role: str, condition: str, refused_value: str, change: Mapping[str, Any]
) -> None:
    document = (
        '{"Version": "2012-10-17", "Statement": ['
        '{"Effect": "Allow", "Action": ["sagemaker:AddTags", "iam:PassRole"], "Resource": "*"},'
        '{"Effect": "Allow", "Action": "sagemaker:CreateTrainingJob", "Resource": "*",'
        f' "Condition": {{"ForAnyValue:StringEquals": {{"{condition}": "{refused_value}"}}}}}}]}}'
    )
    user = account.user(document)
    request = account.job(training_role, **change)
    assert "sagemaker:CreateTrainingJob" in refusal(lambda: user("sagemaker").create_training_job(**request))


def a_model(account: Account, role_arn: str) -> dict[str, Any]:
    """A CreateCustomModel request for a checkpoint that need not be there."""
    source = {"s3DataSource": {"s3Uri": "s3://customer-escrow-000000000000-smtj-0/job/step_1"}}
    return {"modelName": account.fresh("model"), "modelSourceConfig": source, "roleArn": role_arn}


def _refusal_code(call: Callable[[], Any]) -> str | None:
    """What a call is refused with; None when it is not."""
    try:
        answer = call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    if "stream" in answer:
        answer["stream"].close()
    return None


def test_metrics_go_into_the_namespace_that_a_policy_names_and_no_other(account: Account) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "cloudwatch:PutMetricData",
        "Resource": "*",
        "Condition": {"StringEquals": {"cloudwatch:namespace": "Mine"}},
    }
    cloudwatch = account.user(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))("cloudwatch")
    data = [{"MetricName": "Nodes", "Value": 1.0}]

    cloudwatch.put_metric_data(Namespace="Mine", MetricData=data)

    assert "cloudwatch:PutMetricData" in refusal(
        lambda: cloudwatch.put_metric_data(Namespace="Other", MetricData=data)
    )
