"""Read requests and write responses as botocore's model of a service describes them.

Two protocols are enough for our services: json (SageMaker: the operation in a header, members in the body)
and rest-json (Bedrock: the operation in method and path, members in path, query, headers and body).
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import botocore.loaders
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.utils import parse_to_aware_datetime
from botocore.validate import ParamValidator

from localcloud.common.service_error import ServiceError

LABEL = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True)
class HttpRequest:
    """What MiniStack hands to a service; header names are in lower case, the path is decoded."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: bytes


@dataclass(frozen=True)
class HttpResponse:
    """What goes back; `body` may be a stream of MiniStack's."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Route:
    """One REST operation; `weight` is the number of literal characters: the most literal route wins."""

    method: str
    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    operation: str
    weight: int


class Protocol:
    """One service's wire format."""

    def __init__(self, service_name: str) -> None:
        document = botocore.loaders.create_loader().load_service_model(service_name, "service-2")
        self.model = ServiceModel(document, service_name)
        self.is_rest = self.model.metadata["protocol"] == "rest-json"
        self._routes = (
            [_route(self.model.operation_model(name)) for name in self.model.operation_names]
            if self.is_rest
            else []
        )

    def read(self, request: HttpRequest) -> tuple[OperationModel, dict[str, Any]]:
        """The operation and its parameters. ServiceError when there is no such operation, or no JSON."""
        if not self.is_rest:
            name = request.headers.get("x-amz-target", "").rpartition(".")[2]
            if name not in self.model.operation_names:
                raise ServiceError(
                    "UnknownOperationException", f"{self.model.service_name} has no operation {name!r}"
                )
            return self.model.operation_model(name), _object(request.body)
        route, found = self._match(request)
        operation = self.model.operation_model(route.operation)
        labels = dict(zip(route.labels, (unquote(text) for text in found.groups()), strict=True))
        return operation, _rest_params(operation, labels, request)

    def write(self, operation: OperationModel, result: Mapping[str, Any]) -> HttpResponse:
        """A successful response. TypeError when the result does not fit the model: our mistake."""
        shape = operation.output_shape
        if shape is None:
            return HttpResponse(
                operation.http.get("responseCode", 200), {"Content-Type": self.content_type}, b""
            )
        members = _without_none(result)
        report = ParamValidator().validate(members, shape)
        if report.has_errors():
            raise TypeError(f"{operation.name}'s result does not fit its model: {report.generate_report()}")
        headers = {"Content-Type": self.content_type}
        payload = shape.serialization.get("payload")
        for name, member in shape.members.items():
            if member.serialization.get("location") == "header" and name in members:
                headers[member.serialization["name"]] = str(members.pop(name))
        if payload:
            return HttpResponse(200, headers, members[payload])
        body = json.dumps(self.to_wire(members, shape), separators=(",", ":")).encode()
        return HttpResponse(operation.http.get("responseCode", 200) if self.is_rest else 200, headers, body)

    def refuse(self, error: ServiceError) -> HttpResponse:
        """An error response. The status of a modelled error is the model's."""
        status = error.status
        for shape in self.model.error_shapes:
            if error.code in (shape.name, shape.metadata.get("error", {}).get("code")):
                status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
        headers = {"Content-Type": self.content_type, "x-amzn-ErrorType": error.code}
        return HttpResponse(
            status, headers, json.dumps({"__type": error.code, "message": error.message}).encode()
        )

    @property
    def content_type(self) -> str:
        return "application/json" if self.is_rest else "application/x-amz-json-1.1"

    def to_wire(self, value: Any, shape: Shape) -> Any:
        """A result as JSON: members under their wire names, times and bytes in the protocol's form."""
        if isinstance(shape, StructureShape):
            if shape.is_document_type:
                return value
            return {
                shape.members[name].serialization.get("name", name): self.to_wire(member, shape.members[name])
                for name, member in value.items()
            }
        if isinstance(shape, ListShape):
            return [self.to_wire(member, shape.member) for member in value]
        if isinstance(shape, MapShape):
            return {key: self.to_wire(member, shape.value) for key, member in value.items()}
        if shape.type_name == "timestamp":
            moment = parse_to_aware_datetime(value).astimezone(dt.UTC)
            return moment.isoformat().replace("+00:00", "Z") if self.is_rest else moment.timestamp()
        if shape.type_name == "blob":
            return base64.b64encode(value).decode()
        return value

    def _match(self, request: HttpRequest) -> tuple[Route, re.Match[str]]:
        found = [
            (route, match)
            for route in self._routes
            if route.method == request.method
            and (match := route.pattern.fullmatch(request.path.rstrip("/") or "/"))
        ]
        if not found:
            raise ServiceError(
                "UnknownOperationException",
                f"{self.model.service_name} has no operation for {request.method} {request.path}",
                status=404,
            )
        return max(found, key=lambda pair: pair[0].weight)


def _route(operation: OperationModel) -> Route:
    path = operation.http["requestUri"].partition("?")[0].rstrip("/") or "/"
    pattern, labels, weight, end = "", [], 0, 0
    for label in LABEL.finditer(path):
        literal = path[end : label.start()]
        # An ARN in a label carries slashes, and the path reaches us decoded.
        pattern += re.escape(literal) + "(.+?)"
        labels.append(label.group(1).rstrip("+"))
        weight += len(literal)
        end = label.end()
    pattern += re.escape(path[end:])
    weight += len(path) - end
    return Route(operation.http["method"], re.compile(pattern), tuple(labels), operation.name, weight)


def _rest_params(
    operation: OperationModel, labels: Mapping[str, str], request: HttpRequest
) -> dict[str, Any]:
    shape = operation.input_shape
    if shape is None:
        return {}
    params: dict[str, Any] = {}
    payload = shape.serialization.get("payload")
    body_members = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        if location == "uri" and wire in labels:
            params[name] = labels[wire]
        elif location == "querystring" and wire in request.query:
            params[name] = _from_text(request.query[wire], member)
        elif location == "header" and wire.lower() in request.headers:
            params[name] = _from_text([request.headers[wire.lower()]], member)
        elif location is None:
            body_members[wire] = name
    if payload:
        member = shape.members[payload]
        params[payload] = (
            request.body if member.type_name == "blob" else _from_wire(_object(request.body), member)
        )
    elif body_members:
        for wire, value in _object(request.body).items():
            name = body_members.get(wire, wire)
            params[name] = _from_wire(value, shape.members[name]) if name in shape.members else value
    return {name: value for name, value in params.items() if value is not None}


def _from_text(values: list[str], shape: Shape) -> Any:
    if isinstance(shape, ListShape):
        return [_from_text([value], shape.member) for value in values]
    text = values[0]
    if shape.type_name in ("integer", "long"):
        return int(text) if re.fullmatch(r"-?\d+", text) else text
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def _from_wire(value: Any, shape: Shape) -> Any:
    """JSON members under their names in the model; members unknown to it stay, for the validation to name."""
    if isinstance(shape, StructureShape) and isinstance(value, dict) and not shape.is_document_type:
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        return {
            names.get(wire, wire): _from_wire(member, shape.members[names[wire]]) if wire in names else member
            for wire, member in value.items()
            if member is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_from_wire(member, shape.member) for member in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _from_wire(member, shape.value) for key, member in value.items()}
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value)
    return value


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_none(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_none(member) for member in value]
    return value


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", f"the request's body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ServiceError("SerializationException", "the request's body is not a JSON object")
    return value
