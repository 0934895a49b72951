"""Bedrock's runtime: Converse, ConverseStream and InvokeModel."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from localcloud.aws.services.authorization import Caller
from localcloud.aws.services.bedrock import event_stream
from localcloud.aws.services.bedrock.custom_models import BASE_MODEL_ID
from localcloud.aws.services.bedrock.records import Deployment, ImportedModel
from localcloud.aws.services.bedrock.serving import ModelBroke, ModelUnloadable, RequestUnanswerable, Serving
from localcloud.aws.services.protocol import HttpResponse
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Call, Operation
from localcloud.common.programs import BaseModel, BaseModelMissing
from localcloud.common.service_error import ServiceError

logger = logging.getLogger("atelier.cloud")
INVOKE = "bedrock:InvokeModel"
STREAM = "bedrock:InvokeModelWithResponseStream"
# Clients give up on an answer after a minute.
PATIENCE_SECONDS = 45.0
Answer = Iterator[dict[str, Any]]


class Runtime:
    """The runtime's operations, on deployments and on the base model they were made from."""

    def __init__(
        self,
        base_model: BaseModel,
        deployments: Records[Deployment],
        imported: Records[ImportedModel],
        serving: Serving,
    ) -> None:
        self._base_model = base_model
        self._deployments = deployments
        self._imported = imported
        self._serving = serving

    def by_name(self) -> dict[str, Operation]:
        return {"Converse": self.converse, "ConverseStream": self.converse_stream, "InvokeModel": self.invoke}

    def converse(self, call: Call) -> dict[str, Any]:
        began = time.monotonic()
        folder = self._instructed(call.caller, INVOKE, call.params["modelId"])
        final = _last(self._ask(folder, _conversation(call.params)))
        return {
            "output": {"message": final["message"]},
            "stopReason": final["stopReason"],
            "usage": final["usage"],
            "metrics": {"latencyMs": _milliseconds_since(began)},
        }

    def converse_stream(self, call: Call) -> HttpResponse:
        """The answer as it is generated. A failure before the first text is an ordinary error."""
        began = time.monotonic()
        folder = self._instructed(call.caller, STREAM, call.params["modelId"])
        answer = self._ask(folder, _conversation(call.params))
        first = next(answer)
        return event_stream.response(_stream_events(first, answer, began))

    def invoke(self, call: Call) -> dict[str, Any]:
        folder = self._weights(call.caller, INVOKE, call.params["modelId"])
        body = call.params.get("body", b"")
        if self._imported.get(call.params["modelId"]) is not None:
            completion = _last(self._ask(folder, {"openai": _openai(body)}))["message"]
            return {"body": json.dumps(completion).encode(), "contentType": "application/json"}
        final = _last(self._ask(folder, _messages_v1(body)))
        answer = {
            "output": {"message": final["message"]},
            "stopReason": final["stopReason"],
            "usage": final["usage"],
        }
        return {"body": json.dumps(answer).encode(), "contentType": "application/json"}

    def _ask(self, folder: Path, request: Mapping[str, Any]) -> Answer:
        """The model's answers; failures of the serving process become the runtime's errors."""
        try:
            yield from self._serving.answer(folder, request)
        except ModelUnloadable as error:
            raise ServiceError("ModelNotReadyException", f"The model could not be loaded: {error}") from error
        except RequestUnanswerable as error:
            raise ServiceError("ValidationException", str(error)) from error
        except ModelBroke as error:
            raise ServiceError("ModelErrorException", f"The model's process ended: {error}") from error

    def _instructed(self, caller: Caller, action: str, model_id: str) -> Path:
        """The weights of a model that Converse can be used with."""
        imported = self._imported.get(model_id)
        if imported is not None and not imported.is_instruct_supported:
            caller.require(action, model_id)
            raise ServiceError(
                "ValidationException",
                "This action doesn't support the model that you provided. Use InvokeModel.",
            )
        return self._weights(caller, action, model_id)

    def _warm(self, model: ImportedModel) -> Path:
        """The model's weights if a copy of it is loaded; else loading begins, and the call is refused."""
        folder = Path(model.folder)
        if not self._serving.is_loaded(folder):
            threading.Thread(target=self._load, args=(folder,), name="warm-up", daemon=True).start()
            raise ServiceError(
                "ModelNotReadyException", "Model is not ready for inference. Wait and try your request again."
            )
        return folder

    def _load(self, folder: Path) -> None:
        try:
            self._serving.load(folder)
        except ModelUnloadable:
            logger.exception("the imported model in %s cannot be loaded", folder)

    def _weights(self, caller: Caller, action: str, model_id: str) -> Path:
        """The folder of the model that an identifier names, if the caller may invoke it."""
        base_arn = f"arn:aws:bedrock:{caller.region}::foundation-model/{BASE_MODEL_ID}"
        if model_id in (BASE_MODEL_ID, base_arn):
            caller.require(action, base_arn)
            try:
                return self._base_model.folder(patience=PATIENCE_SECONDS)
            except BaseModelMissing as error:
                raise ServiceError("ModelNotReadyException", str(error)) from error
        caller.require(action, model_id)
        imported = self._imported.get(model_id)
        if imported is not None and imported.account_id == caller.account_id:
            return self._warm(imported)
        deployment = self._deployments.get(model_id)
        if deployment is None or deployment.account_id != caller.account_id:
            raise ServiceError("ValidationException", f"The provided model identifier is invalid: {model_id}")
        if deployment.status != "Active":
            raise ServiceError(
                "ModelNotReadyException",
                f"The custom model deployment {deployment.name} is {deployment.status}.",
            )
        return Path(deployment.folder)


def _openai(body: bytes) -> dict[str, Any]:
    """A request in OpenAI's chat form, the one of the three that the embedded cloud reads."""
    try:
        request = json.loads(body)
    except ValueError as error:
        raise ServiceError("ValidationException", f"Malformed input request: {error}") from error
    if not isinstance(request, dict) or not isinstance(request.get("messages"), list):
        raise ServiceError(
            "ValidationException",
            "Malformed input request: for imported models the embedded cloud reads OpenAI's chat form only, "
            "with messages",
        )
    return request


def _conversation(params: Mapping[str, Any]) -> dict[str, Any]:
    """The request for the model: the tiny model reads text and tools only."""
    request = {
        name: params[name]
        for name in ("messages", "system", "toolConfig", "inferenceConfig")
        if name in params
    }
    if not request.get("messages"):
        raise ServiceError("ValidationException", "messages: at least one message is required")
    try:
        json.dumps(request)
    except TypeError as error:
        raise ServiceError(
            "ValidationException", "messages: the model reads text, tool use and tool results only"
        ) from error
    return request


def _messages_v1(body: bytes) -> dict[str, Any]:
    """A request in Nova's own format ("schemaVersion": "messages-v1"), whose members are Converse's."""
    try:
        request = json.loads(body)
    except ValueError as error:
        raise ServiceError("ValidationException", f"Malformed input request: {error}") from error
    if not isinstance(request, dict) or request.get("schemaVersion", "messages-v1") != "messages-v1":
        raise ServiceError(
            "ValidationException", "Malformed input request: schemaVersion must be 'messages-v1'"
        )
    return _conversation(request)


def _last(answer: Answer) -> dict[str, Any]:
    final: dict[str, Any] = {}
    for part in answer:
        final = part
    return final


def _stream_events(first: dict[str, Any], rest: Answer, began: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """ConverseStream's events: the text as it comes in block 0, then each tool use as a block of its own."""
    yield "messageStart", {"role": "assistant"}
    index = 0
    part = first
    has_text = False
    while "message" not in part:
        has_text = True
        yield "contentBlockDelta", {"contentBlockIndex": index, "delta": {"text": part["delta"]}}
        part = next(rest)
    if has_text:
        yield "contentBlockStop", {"contentBlockIndex": index}
        index += 1
    for block in part["message"]["content"]:
        if "toolUse" not in block:
            continue
        use = block["toolUse"]
        start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
        yield "contentBlockStart", {"contentBlockIndex": index, "start": start}
        delta = {"toolUse": {"input": json.dumps(use["input"])}}
        yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}
        yield "contentBlockStop", {"contentBlockIndex": index}
        index += 1
    yield "messageStop", {"stopReason": part["stopReason"]}
    yield "metadata", {"usage": part["usage"], "metrics": {"latencyMs": _milliseconds_since(began)}}


def _milliseconds_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
