"""Imported models behind pointers: port Deployments of target bedrock-import, and the first answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from atelier import names
from atelier.errors import DeploymentFailed, RequestRefused, ResourceInUse, UnknownRun
from atelier.operations.model import Operation, Phase, Status
from atelier.targets.openai_chat import from_openai, to_openai
from atelier.targets.pointer import Pointer, Pointers
from atelier.targets.ports import Room, ServingModel
from lambdas.adapters.bedrock_imports import import_job
from lambdas.adapters.bedrock_tags import is_made_by
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

_FIRST_QUESTION = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}


class ImportedModels:
    """Port Deployments. A model has the name of its run; a deployment is a pointer to one."""

    def __init__(
        self,
        *,
        bedrock: BedrockClient,
        runtime: BedrockRuntimeClient,
        pointers: Pointers,
        quota: int,
        now: Callable[[], int],
    ) -> None:
        self._bedrock = bedrock
        self._runtime = runtime
        self._pointers = pointers
        self._quota = quota
        self._now = now

    def room(self) -> Room:
        """The account's imported models, whoever made them."""
        with domain_errors("bedrock:ListImportedModels", "*"):
            pages = self._bedrock.get_paginator("list_imported_models").paginate()
            models = [summary["modelName"] for page in pages for summary in page["modelSummaries"]]
        return Room(self._quota, tuple(models))

    def serving_model(self, deployment_name: str) -> ServingModel | None:
        """What the pointer names."""
        pointer = self._pointers.read(deployment_name)
        return ServingModel(pointer.serving.model_id, pointer.serving.run_id) if pointer else None

    def update(self, deployment_name: str, model_arn: str) -> None:
        """Go back to a model that served before; what served after it is withdrawn.

        UnknownRun for a model that never served, or is deleted.
        """
        pointer = self._pointers.read(deployment_name)
        history = [served.model_id for served in pointer.history] if pointer else []
        if pointer is None or model_arn not in history:
            known = ", ".join(history) or "nothing"
            raise UnknownRun(f"deployment {deployment_name} cannot go back to {model_arn}; it served {known}")
        later = pointer.history[history.index(model_arn) + 1 :]
        self._withdraw(deployment_name, pointer, {served.run_id for served in later})

    def delete_deployment(self, deployment_name: str, *, run_id: str) -> None:
        """Withdraw the run's model; the pointer goes when nothing else has served."""
        pointer = self._pointers.read(deployment_name)
        if pointer is not None:
            self._withdraw(deployment_name, pointer, {run_id})

    def _withdraw(self, deployment_name: str, pointer: Pointer, run_ids: set[str]) -> None:
        left = pointer.without(run_ids, now=self._now())
        if left == pointer:
            self._pointers.publish(deployment_name)
        else:
            self._replace(deployment_name, pointer, left)

    def _replace(self, deployment_name: str, pointer: Pointer, by: Pointer | None) -> None:
        is_done = (
            self._pointers.write(deployment_name, by, instead_of=pointer)
            if by
            else self._pointers.delete(deployment_name, instead_of=pointer)
        )
        if not is_done:
            raise ResourceInUse(f"deployment {deployment_name} was switched by a run at the same moment")

    def delete_model(self, model_name: str, *, run_id: str) -> None:
        """Delete the model if the run made it. ResourceInUse while it is being imported."""
        model = self._get(model_name)
        if model is None:
            job = import_job(self._bedrock, names.operation_name(run_id, names.CUSTOM_MODEL))
            if job and job["status"] == "InProgress":
                raise ResourceInUse(f"model {model_name} is being imported; Bedrock cannot stop that")
            return
        if not is_made_by(self._bedrock, model["modelArn"], run_id):
            return
        with domain_errors("bedrock:DeleteImportedModel", model_name):
            try:
                self._bedrock.delete_imported_model(modelIdentifier=model["modelArn"])
            except ClientError as error:
                if error_code(error) == "ConflictException":
                    raise ResourceInUse(f"model {model_name} cannot be deleted yet: {error}") from error
                if error_code(error) != "ResourceNotFoundException":
                    raise

    def delete_retired_models(self, deployment_name: str, *, run_id: str) -> list[str]:
        """Delete what served before the model that the run replaced.

        The pointer has them as retired until they are gone, so that a repeated call deletes what is left.
        """
        pointer = self._pointers.read(deployment_name)
        if pointer is None:
            return []
        retiring = pointer.retire_before(run_id)
        if retiring != pointer:
            self._replace(deployment_name, pointer, retiring)
        for served in retiring.retired:
            self.delete_model(names.custom_model_name(served.run_id), run_id=served.run_id)
        if retiring.retired:
            self._replace(deployment_name, retiring, retiring.without_retired())
        return [names.custom_model_name(served.run_id) for served in retiring.retired]

    def converse(self, deployment_arn: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """By Converse where Bedrock offers it for the model, else by InvokeModel in OpenAI's chat form."""
        model = self._get(deployment_arn) or {}
        with domain_errors("bedrock:InvokeModel", deployment_arn):
            if model.get("instructSupported"):
                return self._runtime.converse(modelId=deployment_arn, **request)
            return from_openai(self._invoke(deployment_arn, to_openai(request)))

    def try_first_question(self, model_arn: str) -> None:
        """One token's worth of an answer. ClientError as Bedrock raises it."""
        self._invoke(model_arn, _FIRST_QUESTION)

    def _invoke(self, model_arn: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._runtime.invoke_model(
            modelId=model_arn, body=json.dumps(body).encode(), contentType="application/json"
        )
        try:
            parsed: Mapping[str, Any] = json.loads(answer["body"].read())
        except ValueError as error:
            raise RequestRefused(
                f"bedrock:InvokeModel on {model_arn}: the answer is not JSON: {error}"
            ) from error
        return parsed

    def _get(self, identifier: str) -> Mapping[str, Any] | None:
        with domain_errors("bedrock:GetImportedModel", identifier):
            try:
                return self._bedrock.get_imported_model(modelIdentifier=identifier)
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                return None


class WarmUps:
    """Port LongRunning: the first call loads a model, and Bedrock refuses calls until it is loaded."""

    ends_by_itself = False

    def __init__(self, *, models: ImportedModels) -> None:
        self._models = models

    def submit(self, operation: Operation) -> None:
        """Nothing: the first look makes the first call."""

    def describe(self, operation: Operation) -> Status:
        """RUNNING while Bedrock loads the model; the result is {deployment_arn}, the model's own ARN."""
        model_arn = operation.request["model_arn"]
        try:
            with domain_errors("bedrock:InvokeModel", model_arn):
                try:
                    self._models.try_first_question(model_arn)
                except ClientError as error:
                    if error_code(error) != "ModelNotReadyException":
                        raise
                    return Status(Phase.RUNNING, detail="loading")
        except RequestRefused as error:
            cause = f"the imported model does not answer: {error}"
            return Status(Phase.FAILED, error=DeploymentFailed.__name__, cause=cause, detail="refused")
        return Status(Phase.SUCCEEDED, result={"deployment_arn": model_arn}, detail="ready")

    def stop(self, operation: Operation) -> None:
        """Nothing: copies end by themselves without calls."""
