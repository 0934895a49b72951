"""A conversation with a deployed model by Bedrock's ConverseStream."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from atelier.runs.model import DEPLOYMENT_NAME_FORM
from client.errors import ClientFailed, InvalidRequest, NotReachable
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_bedrock.type_defs import GetCustomModelDeploymentResponseTypeDef
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

_POLL_SECONDS = 0.2


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
    """Models behind deployments."""

    def __init__(self, *, bedrock: BedrockClient, runtime: BedrockRuntimeClient) -> None:
        self._bedrock = bedrock
        self._runtime = runtime

    def model_id(self, deployment: str) -> str:
        """Converse's name of a deployment (given by name or ARN), or of a base model (whose id has a dot).

        NotReachable when there is no such deployment, ClientFailed when it does not serve.
        """
        if "." in deployment:
            return deployment
        if not re.fullmatch(rf"{DEPLOYMENT_NAME_FORM}|arn:\S+", deployment):
            message = "a deployment's name or ARN, or a base model's id"
            raise InvalidRequest(f"deployment {deployment!r}: accepted: {message}")
        with domain_errors("bedrock:GetCustomModelDeployment", deployment):
            found = self._find(deployment)
            if found is None:
                raise NotReachable(f"no deployment {deployment!r}{self._known()}")
        if found["status"] != "Active":
            raise ClientFailed(f"deployment {deployment!r} is {found['status']}, not Active")
        return found["customModelDeploymentArn"]

    def remove(self, deployment: str) -> bool:
        """Delete a deployment and wait until it is gone; False when there is none."""
        with domain_errors("bedrock:DeleteCustomModelDeployment", deployment):
            if self._find(deployment) is None:
                return False
            self._bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=deployment)
            while self._find(deployment) is not None:
                time.sleep(_POLL_SECONDS)
        return True

    def converse(self, model_id: str, request: Mapping[str, Any], *, on_text: Callable[[str], None]) -> Reply:
        """One turn; `on_text` gets the answer's text as it comes."""
        with domain_errors("bedrock:InvokeModelWithResponseStream", model_id):
            stream = self._runtime.converse_stream(modelId=model_id, **request)["stream"]
            return _collect(stream, on_text)

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


@dataclass
class Conversation:
    """Turns so far. Text after tool calls answers them: Converse wants a toolResult for each toolUse."""

    deployed: Deployed
    model_id: str
    system: str | None = None
    tool_config: Mapping[str, Any] | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    _unanswered: tuple[ToolCall, ...] = ()

    @property
    def awaits_tool_result(self) -> bool:
        """True when what is said next is taken as the tools' result."""
        return bool(self._unanswered)

    def say(self, text: str, *, on_text: Callable[[str], None] = lambda _: None) -> Reply:
        """One turn of the user and the model's reply."""
        self.messages.append({"role": "user", "content": self._content(text)})
        reply = self.deployed.converse(self.model_id, self._request(), on_text=on_text)
        calls = [
            {"toolUse": {"toolUseId": call.id, "name": call.name, "input": dict(call.arguments)}}
            for call in reply.tool_calls
        ]
        answer: list[dict[str, Any]] = [{"text": reply.text}] if reply.text else []
        self.messages.append({"role": "assistant", "content": answer + calls})
        self._unanswered = reply.tool_calls
        return reply

    def _content(self, text: str) -> list[dict[str, Any]]:
        if not self._unanswered:
            return [{"text": text}]
        return [
            {"toolResult": {"toolUseId": call.id, "content": [{"text": text}]}} for call in self._unanswered
        ]

    def _request(self) -> dict[str, Any]:
        request: dict[str, Any] = {"messages": self.messages}
        if self.system:
            request["system"] = [{"text": self.system}]
        if self.tool_config:
            request["toolConfig"] = self.tool_config
        return request


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
