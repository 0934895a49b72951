"""Import jobs and imported models of the embedded Bedrock."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.embedded_cloud.account import Account, policy, until
from tests.fixtures.embedded_cloud.bedrock import Bedrock

ASK = json.dumps({"messages": [{"role": "user", "content": "hello"}]}).encode()
CONFIG = {"architectures": ["LlamaForCausalLM"]}


class Imports:
    """Import jobs on files that the test puts into a bucket."""

    def __init__(self, account: Account, bedrock: Bedrock) -> None:
        self.account = account
        self.control = bedrock.control
        self.runtime = bedrock.runtime
        self.bucket = account.fresh("weights")
        self.s3 = account.client("s3")
        self.s3.create_bucket(Bucket=self.bucket)
        self.role = account.role(
            "bedrock",
            policy(
                (["s3:ListBucket"], f"arn:aws:s3:::{self.bucket}"),
                (["s3:GetObject"], f"arn:aws:s3:::{self.bucket}/*"),
            ),
        )

    def files(self, config: Any = CONFIG, chat_template: str = "{{ messages }}") -> str:
        prefix = f"{self.account.fresh('model')}/"
        for name, body in {
            "config.json": json.dumps(config),
            "weights": "w1",
            "tokenizer_config.json": json.dumps({"chat_template": chat_template}),
        }.items():
            self.s3.put_object(Bucket=self.bucket, Key=prefix + name, Body=body.encode())
        return f"s3://{self.bucket}/{prefix}"

    def request(self, uri: str, **changes: Any) -> dict[str, Any]:
        name = self.account.fresh("import")
        return {
            "jobName": name,
            "importedModelName": name,
            "roleArn": self.role,
            "modelDataSource": {"s3DataSource": {"s3Uri": uri}},
            "importedModelTags": [{"key": "atelier:run_id", "value": name}],
        } | changes

    def ended(self, name: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job: dict[str, Any] = self.control.get_model_import_job(jobIdentifier=name)
            return None if job["status"] == "InProgress" else job

        return until(look)

    def model(self, **files: Any) -> dict[str, Any]:
        request = self.request(self.files(**files))
        self.control.create_model_import_job(**request)
        job = self.ended(request["jobName"])
        assert job["status"] == "Completed", job
        found: dict[str, Any] = self.control.get_imported_model(modelIdentifier=job["importedModelArn"])
        return found


@pytest.fixture
def imports(account: Account, bedrock: Bedrock) -> Any:
    made = Imports(account, bedrock)
    yield made
    for page in made.control.get_paginator("list_imported_models").paginate():
        for model in page["modelSummaries"]:
            made.control.delete_imported_model(modelIdentifier=model["modelArn"])


def test_files_become_a_model_that_is_found_by_name_arn_and_tag(imports: Imports) -> None:
    model = imports.model()
    assert (
        imports.control.get_imported_model(modelIdentifier=model["modelName"])["modelArn"]
        == model["modelArn"]
    )
    assert (model["modelArchitecture"], model["instructSupported"]) == ("LlamaForCausalLM", True)
    tags = imports.control.list_tags_for_resource(resourceARN=model["modelArn"])["tags"]
    assert tags == [{"key": "atelier:run_id", "value": model["modelName"]}]


def test_one_import_runs_at_a_time(imports: Imports) -> None:
    first, second = imports.request(imports.files()), imports.request(imports.files())
    imports.control.create_model_import_job(**first)
    with pytest.raises(ClientError, match="Concurrent model import jobs") as refused:
        imports.control.create_model_import_job(**second)
    assert refused.value.response["Error"]["Code"] == "ServiceQuotaExceededException"
    imports.ended(first["jobName"])
    imports.control.create_model_import_job(**second)
    assert imports.ended(second["jobName"])["status"] == "Completed"


def test_an_account_holds_three_imported_models(imports: Imports) -> None:
    for _ in range(3):
        imports.model()
    with pytest.raises(ClientError, match="Imported models per account"):
        imports.control.create_model_import_job(**imports.request(imports.files()))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (
            {"architectures": ["Gemma3ForCausalLM"]},
            "The model architecture Gemma3ForCausalLM is not supported",
        ),
        ({}, "config.json names no architectures"),
    ],
)
def test_a_model_that_bedrock_does_not_know_fails_its_job(imports: Imports, config: Any, reason: str) -> None:
    request = imports.request(imports.files(config=config))
    imports.control.create_model_import_job(**request)
    job = imports.ended(request["jobName"])
    assert (job["status"], reason in job["failureMessage"]) == ("Failed", True)


def test_a_role_that_may_not_read_the_files_fails_the_job(imports: Imports) -> None:
    blind = imports.account.role("bedrock", policy((["s3:ListBucket"], f"arn:aws:s3:::{imports.bucket}")))
    request = imports.request(imports.files(), roleArn=blind)
    imports.control.create_model_import_job(**request)
    assert "cannot read" in imports.ended(request["jobName"])["failureMessage"]


def test_the_first_call_of_a_model_loads_it_and_is_refused_meanwhile(imports: Imports) -> None:
    arn = imports.model()["modelArn"]
    impatient = imports.account.client("bedrock-runtime", retries=False)
    with pytest.raises(ClientError) as cold:
        impatient.invoke_model(modelId=arn, body=ASK)
    assert cold.value.response["Error"]["Code"] == "ModelNotReadyException"
    assert cold.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429

    def answered() -> Any:
        try:
            return json.loads(impatient.invoke_model(modelId=arn, body=ASK)["body"].read())
        except impatient.exceptions.ModelNotReadyException:
            return None

    assert until(answered)["choices"][0]["message"]["content"] == "w1: hello"


def test_a_family_without_converse_is_refused_there(imports: Imports) -> None:
    model = imports.model(config={"architectures": ["Qwen3ForCausalLM"]})
    assert model["instructSupported"] is False
    with pytest.raises(ClientError, match="doesn't support the model that you provided"):
        imports.runtime.converse(
            modelId=model["modelArn"], messages=[{"role": "user", "content": [{"text": "hello"}]}]
        )


def test_a_deleted_model_is_gone_and_answers_no_more(imports: Imports) -> None:
    arn = imports.model()["modelArn"]
    imports.control.delete_imported_model(modelIdentifier=arn)
    with pytest.raises(imports.control.exceptions.ResourceNotFoundException):
        imports.control.get_imported_model(modelIdentifier=arn)
    with pytest.raises(ClientError, match="model identifier is invalid"):
        imports.runtime.invoke_model(modelId=arn, body=ASK)
