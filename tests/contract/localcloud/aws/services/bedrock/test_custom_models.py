from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.embedded_cloud.account import Account, policy
from tests.fixtures.embedded_cloud.bedrock import Bedrock

HELLO = [{"role": "user", "content": [{"text": "hello"}]}]
TOOLS = {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": {"type": "object"}}}}]}


def test_a_model_is_made_from_a_checkpoint_and_found_by_name_and_arn(bedrock: Bedrock) -> None:
    model = bedrock.model("w1")
    assert model["modelStatus"] == "Active"
    assert (
        bedrock.control.get_custom_model(modelIdentifier=model["modelName"])["modelArn"] == model["modelArn"]
    )
    listed = bedrock.control.list_custom_models(nameContains=model["modelName"])["modelSummaries"]
    assert [summary["modelArn"] for summary in listed] == [model["modelArn"]]


def test_a_repeated_token_gives_the_model_that_is_there_and_another_request_conflicts(
    bedrock: Bedrock,
) -> None:
    request = bedrock.request(bedrock.checkpoint("w1"), clientRequestToken="once")
    first = bedrock.control.create_custom_model(**request)["modelArn"]
    assert bedrock.control.create_custom_model(**request)["modelArn"] == first
    with pytest.raises(bedrock.control.exceptions.ConflictException):
        bedrock.control.create_custom_model(**{**request, "clientRequestToken": "twice"})


def test_a_checkpoint_that_is_not_there_fails_the_model(bedrock: Bedrock) -> None:
    missing = bedrock.checkpoint("w1").replace("step_1", "step_9")
    arn = bedrock.control.create_custom_model(**bedrock.request(missing))["modelArn"]
    model = bedrock.settled_model(arn)
    assert (model["modelStatus"], model["failureMessage"]) == (
        "Failed",
        f"there is no checkpoint at {missing}",
    )


def test_a_role_that_trusts_another_service_makes_no_model(bedrock: Bedrock, training_role: str) -> None:
    with pytest.raises(ClientError, match=r"allows principal 'bedrock\.amazonaws\.com' to assume"):
        bedrock.model("w", roleArn=training_role)


def test_a_role_that_may_list_but_not_read_the_checkpoint_fails_the_model(
    account: Account, bedrock: Bedrock
) -> None:
    role = account.role("bedrock", policy((["s3:ListBucket"], "arn:aws:s3:::customer-escrow-*")))
    model = bedrock.model("w", roleArn=role)
    assert model["modelStatus"] == "Failed"
    assert "s3:GetObject" in model["failureMessage"]


def test_a_role_that_may_not_read_the_checkpoint_fails_the_model(account: Account, bedrock: Bedrock) -> None:
    blind = account.role("bedrock", policy((["s3:GetObject"], "arn:aws:s3:::customer-escrow-*")))
    model = bedrock.model("w1", roleArn=blind)
    assert model["modelStatus"] == "Failed"
    assert "is not authorized to perform: s3:ListBucket on resource: " in model["failureMessage"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"modelSourceConfig": None}, "Exactly one of modelSourceConfig and customModelDataSource"),
        ({"roleArn": None}, "roleArn is required"),
        ({"modelName": "two--hyphens"}, "'modelName' failed to satisfy constraint"),
        (
            {
                "modelSourceConfig": None,
                "customModelDataSource": {
                    "modelPackageArnDataSource": {
                        "modelPackageArn": "arn:aws:sagemaker:us-east-1:000000000000:model-package/g/1"
                    }
                },
            },
            "no restricted model packages",
        ),
    ],
)
def test_a_model_request_that_bedrock_would_refuse_is_refused(
    bedrock: Bedrock, change: dict[str, Any], said: str
) -> None:
    request = bedrock.request("s3://bucket/key") | change
    with pytest.raises(ClientError, match="ValidationException") as refused:
        bedrock.control.create_custom_model(**{name: value for name, value in request.items() if value})
    assert said in str(refused.value)


def test_a_deployment_serves_its_model(bedrock: Bedrock) -> None:
    deployment = bedrock.deployment(bedrock.model("w1")["modelArn"], description="the first")
    assert (deployment["status"], deployment["description"]) == ("Active", "the first")
    arn = deployment["customModelDeploymentArn"]
    answer = bedrock.runtime.converse(modelId=arn, messages=HELLO)
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": "w1: hello"}]}
    assert (answer["stopReason"], answer["usage"]["totalTokens"]) == ("end_turn", 4)


def test_a_checkpoint_that_does_not_load_fails_the_deployment(bedrock: Bedrock) -> None:
    deployment = bedrock.deployment(bedrock.model("broken")["modelArn"])
    assert deployment["status"] == "Failed"
    assert deployment["failureMessage"] == "the model could not be loaded: these weights do not load"
    with pytest.raises(bedrock.runtime.exceptions.ModelNotReadyException):
        bedrock.runtime.converse(modelId=deployment["customModelDeploymentArn"], messages=HELLO)


def test_an_update_swaps_the_model_behind_the_same_arn(bedrock: Bedrock) -> None:
    deployment = bedrock.deployment(bedrock.model("old")["modelArn"])
    arn, name = deployment["customModelDeploymentArn"], deployment["modelDeploymentName"]
    new = bedrock.model("new")["modelArn"]
    updated = bedrock.control.update_custom_model_deployment(
        customModelDeploymentIdentifier=name, modelArn=new
    )
    assert updated["customModelDeploymentArn"] == arn
    settled = bedrock.settled_deployment(name)
    assert settled["modelArn"] == new
    assert settled["updateDetails"] == {"modelArn": new, "updateStatus": "UpdateCompleted"}
    assert _text(bedrock.runtime.converse(modelId=arn, messages=HELLO)) == "new: hello"


def test_a_failed_update_leaves_the_old_model_serving(bedrock: Bedrock) -> None:
    old, broken = bedrock.model("old")["modelArn"], bedrock.model("broken")["modelArn"]
    name = bedrock.deployment(old)["modelDeploymentName"]
    bedrock.control.update_custom_model_deployment(customModelDeploymentIdentifier=name, modelArn=broken)
    settled = bedrock.settled_deployment(name)
    assert (settled["status"], settled["modelArn"]) == ("Active", old)
    assert settled["updateDetails"] == {"modelArn": broken, "updateStatus": "UpdateFailed"}
    arn = settled["customModelDeploymentArn"]
    assert _text(bedrock.runtime.converse(modelId=arn, messages=HELLO)) == "old: hello"


def test_a_model_under_a_deployment_cannot_be_deleted(bedrock: Bedrock) -> None:
    model = bedrock.model("w1")["modelArn"]
    name = bedrock.deployment(model)["modelDeploymentName"]
    with pytest.raises(bedrock.control.exceptions.ConflictException, match=name):
        bedrock.control.delete_custom_model(modelIdentifier=model)
    bedrock.control.delete_custom_model_deployment(customModelDeploymentIdentifier=name)
    bedrock.control.delete_custom_model(modelIdentifier=model)
    with pytest.raises(bedrock.control.exceptions.ResourceNotFoundException):
        bedrock.control.get_custom_model_deployment(customModelDeploymentIdentifier=name)
    with pytest.raises(bedrock.control.exceptions.ResourceNotFoundException):
        bedrock.control.get_custom_model(modelIdentifier=model)


def test_two_deployments_cannot_have_one_name(bedrock: Bedrock) -> None:
    model = bedrock.model("w1")["modelArn"]
    name = bedrock.deployment(model)["modelDeploymentName"]
    with pytest.raises(ClientError, match="ValidationException"):
        bedrock.control.create_custom_model_deployment(modelDeploymentName=name, modelArn=model)


def test_a_stream_gives_the_text_in_pieces_then_the_tool_use(bedrock: Bedrock) -> None:
    arn = bedrock.deployment(bedrock.model("w1")["modelArn"])["customModelDeploymentArn"]
    answer = bedrock.runtime.converse_stream(modelId=arn, messages=HELLO, toolConfig=TOOLS)
    with closing(answer["stream"]) as stream:
        events = [(name, event) for part in stream for name, event in part.items()]
    assert [name for name, _ in events] == [
        "messageStart", "contentBlockDelta", "contentBlockDelta", "contentBlockDelta", "contentBlockStop",
        "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata",
    ]  # fmt: skip
    deltas = [event["delta"] for name, event in events if name == "contentBlockDelta"]
    assert "".join(delta.get("text", "") for delta in deltas) == "w1: hello"
    assert json.loads(deltas[-1]["toolUse"]["input"]) == {"city": "hello"}
    assert events[-2][1] == {"stopReason": "tool_use"}
    assert events[-1][1]["usage"]["totalTokens"] == 4


def test_the_base_model_and_nova_s_own_request_format_work_too(bedrock: Bedrock) -> None:
    body = json.dumps({"schemaVersion": "messages-v1", "messages": HELLO})
    answer = bedrock.runtime.invoke_model(modelId="atelier.tiny-v1:0", body=body)
    assert answer["contentType"] == "application/json"
    assert _text(json.load(answer["body"])) == "base: hello"


@pytest.mark.parametrize(
    ("said", "code"),
    [("refuse", "ValidationException"), ("fall", "ModelErrorException")],
)
def test_a_model_that_refuses_or_falls_is_an_error_and_serves_again_afterwards(
    bedrock: Bedrock, said: str, code: str
) -> None:
    arn = bedrock.deployment(bedrock.model("w1")["modelArn"])["customModelDeploymentArn"]
    with pytest.raises(ClientError) as error:
        bedrock.runtime.converse(modelId=arn, messages=[{"role": "user", "content": [{"text": said}]}])
    assert error.value.response["Error"]["Code"] == code
    assert _text(bedrock.runtime.converse(modelId=arn, messages=HELLO)) == "w1: hello"


@pytest.mark.parametrize(
    ("model_id", "code"),
    [
        ("amazon.nova-micro-v1:0", "ValidationException"),
        (
            "arn:aws:bedrock:us-east-1:000000000000:custom-model-deployment/000000000000",
            "ValidationException",
        ),
    ],
)
def test_a_model_that_is_not_here_is_refused(bedrock: Bedrock, model_id: str, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        bedrock.runtime.converse(modelId=model_id, messages=HELLO)
    assert refused.value.response["Error"]["Code"] == code


def test_tags_of_models_and_deployments_are_kept(bedrock: Bedrock) -> None:
    model = bedrock.model("w1", modelTags=[{"key": "run", "value": "r"}])["modelArn"]
    tags = [{"key": "run", "value": "r"}]
    deployment = bedrock.deployment(model, tags=tags)["customModelDeploymentArn"]
    for arn in (model, deployment):
        bedrock.control.tag_resource(resourceARN=arn, tags=[{"key": "team", "value": "t"}])
        bedrock.control.untag_resource(resourceARN=arn, tagKeys=["run"])
        listed = bedrock.control.list_tags_for_resource(resourceARN=arn)["tags"]
        assert listed == [{"key": "team", "value": "t"}]


def test_an_operation_that_is_not_here_says_so(bedrock: Bedrock) -> None:
    with pytest.raises(ClientError, match="the embedded cloud has no bedrock:ListFoundationModels"):
        bedrock.control.list_foundation_models()


def _text(answer: dict[str, Any]) -> str:
    return str(answer["output"]["message"]["content"][0]["text"])
