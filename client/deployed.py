"""Models behind deployments: found by name, talked to, removed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from atelier.runs.model import DEPLOYMENT_NAME_FORM
from atelier.targets.openai_chat import from_openai, to_openai
from atelier.targets.pointer import Pointer, Pointers
from client.errors import ClientFailed, InvalidRequest, NotReachable
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_bedrock.type_defs import GetCustomModelDeploymentResponseTypeDef
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

_POLL_SECONDS = 0.2
_COLD_START_SECONDS = 720.0
"""An imported model without calls for five minutes is loaded by the next call, which takes minutes."""

_IMPORTED = ":imported-model/"


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model asks for."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """One answer of the model."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    stop_reason: str
    usage: Mapping[str, int]


class Deployed:
    """Models behind deployments of every target."""

    def __init__(self, *, bedrock: BedrockClient, runtime: BedrockRuntimeClient, pointers: Pointers) -> None:
        self._bedrock = bedrock
        self._runtime = runtime
        self._pointers = pointers

    def pointer(self, deployment: str) -> Pointer | None:
        """What a deployment's pointer names; None for a target that needs no pointer, or no deployment."""
        return self._pointers.read(deployment)

    def model_id(self, deployment: str) -> str:
        """What to invoke for a deployment (given by name or ARN), or for a base model (whose id has a dot).

        NotReachable when there is no such deployment, ClientFailed when it does not serve.
        """
        if "." in deployment or _IMPORTED in deployment:
            return deployment
        if not re.fullmatch(rf"{DEPLOYMENT_NAME_FORM}|arn:\S+", deployment):
            message = "a deployment's name or ARN, or a base model's id"
            raise InvalidRequest(f"deployment {deployment!r}: accepted: {message}")
        pointer = self._pointers.read(deployment)
        if pointer is not None:
            return pointer.serving.model_id
        with domain_errors("bedrock:GetCustomModelDeployment", deployment):
            found = self._find(deployment)
            if found is None:
                raise NotReachable(f"no deployment {deployment!r}{self._known()}")
        if found["status"] != "Active":
            raise ClientFailed(f"deployment {deployment!r} is {found['status']}, not Active")
        return found["customModelDeploymentArn"]

    def remove(self, deployment: str) -> bool:
        """Delete a deployment, with the imported models behind it; False when there is none."""
        pointer = self._pointers.read(deployment)
        if pointer is not None:
            return self._remove_pointer(deployment, pointer)
        with domain_errors("bedrock:DeleteCustomModelDeployment", deployment):
            if self._find(deployment) is None:
                return False
            self._bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=deployment)
            while self._find(deployment) is not None:
                time.sleep(_POLL_SECONDS)
        return True

    def converse(self, model_id: str, request: Mapping[str, Any], *, on_text: Callable[[str], None]) -> Reply:
        """One turn; `on_text` gets the text as it comes, or at once from a model that cannot stream."""
        with domain_errors("bedrock:InvokeModel", model_id):
            return self._when_ready(lambda: self._answer(model_id, request, on_text))

    def _answer(self, model_id: str, request: Mapping[str, Any], on_text: Callable[[str], None]) -> Reply:
        if _IMPORTED in model_id and not self._is_instructed(model_id):
            body = json.dumps(to_openai(request)).encode()
            answer = self._runtime.invoke_model(modelId=model_id, body=body, contentType="application/json")
            reply = _reply(from_openai(json.loads(answer["body"].read())))
            on_text(reply.text)
            return reply
        return _collect(self._runtime.converse_stream(modelId=model_id, **request)["stream"], on_text)

    def _is_instructed(self, model_id: str) -> bool:
        return bool(self._bedrock.get_imported_model(modelIdentifier=model_id).get("instructSupported"))

    def _when_ready(self, call: Callable[[], Reply]) -> Reply:
        """The call's answer, tried again while Bedrock loads the model."""
        deadline = time.monotonic() + _COLD_START_SECONDS
        while True:
            try:
                return call()
            except ClientError as error:
                if error_code(error) != "ModelNotReadyException" or time.monotonic() > deadline:
                    raise
            time.sleep(_POLL_SECONDS)

    def _remove_pointer(self, deployment: str, pointer: Pointer) -> bool:
        if not self._pointers.delete(deployment, instead_of=pointer):
            raise ClientFailed(f"deployment {deployment!r} was switched by a run meanwhile; look again")
        for served in pointer.history:
            with domain_errors("bedrock:DeleteImportedModel", served.model_id):
                try:
                    self._bedrock.delete_imported_model(modelIdentifier=served.model_id)
                except ClientError as error:
                    if error_code(error) != "ResourceNotFoundException":
                        raise
        return True

    def _find(self, deployment: str) -> GetCustomModelDeploymentResponseTypeDef | None:
        try:
            return self._bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=deployment)
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return None
            raise

    def _known(self) -> str:
        summaries = self._bedrock.list_custom_model_deployments()["modelDeploymentSummaries"]
        known = sorted(summary["customModelDeploymentName"] for summary in summaries)
        return f"; there is {', '.join(known)}" if known else "; nothing is deployed yet"


def _reply(answer: Mapping[str, Any]) -> Reply:
    """A Reply from an answer in Converse's shape."""
    content = answer["output"]["message"]["content"]
    uses = [block["toolUse"] for block in content if "toolUse" in block]
    return Reply(
        text="".join(block["text"] for block in content if "text" in block),
        tool_calls=tuple(ToolCall(use["toolUseId"], use["name"], use["input"]) for use in uses),
        stop_reason=answer["stopReason"],
        usage=answer["usage"],
    )


def _collect(stream: Any, on_text: Callable[[str], None]) -> Reply:
    texts: list[str] = []
    calls: dict[int, dict[str, str]] = {}
    stop_reason, usage = "", {}
    for event in stream:
        if "contentBlockStart" in event:
            start = event["contentBlockStart"]
            if "toolUse" in start["start"]:
                calls[start["contentBlockIndex"]] = {**start["start"]["toolUse"], "input": ""}
        elif "contentBlockDelta" in event:
            delta = event["contentBlockDelta"]["delta"]
            if "text" in delta:
                texts.append(delta["text"])
                on_text(delta["text"])
            elif "toolUse" in delta:
                calls[event["contentBlockDelta"]["contentBlockIndex"]]["input"] += delta["toolUse"]["input"]
        elif "messageStop" in event:
            stop_reason = event["messageStop"]["stopReason"]
        elif "metadata" in event:
            usage = event["metadata"]["usage"]
    return Reply(
        text="".join(texts),
        tool_calls=tuple(
            ToolCall(call["toolUseId"], call["name"], json.loads(call["input"] or "{}"))
            for _, call in sorted(calls.items())
        ),
        stop_reason=stop_reason,
        usage=usage,
    )
