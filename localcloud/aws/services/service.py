"""An embedded AWS service: read, validate, run the operation, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import OperationModel

from localcloud.aws.services import validation
from localcloud.aws.services.authorization import Caller
from localcloud.aws.services.protocol import HttpRequest, HttpResponse, Protocol
from localcloud.common.service_error import ServiceError


@dataclass(frozen=True)
class Call:
    """One validated call: caller, operation and parameters."""

    caller: Caller
    operation: OperationModel
    params: dict[str, Any]


Operation = Callable[[Call], Mapping[str, Any] | HttpResponse]
Handler = Callable[
    [str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[tuple[int, dict[str, str], Any]]
]


class Service:
    """Operations by the name botocore's model gives them."""

    def __init__(self, name: str, operations: Mapping[str, Operation]) -> None:
        self.protocol = Protocol(name)
        self._operations = dict(operations)
        unknown = set(self._operations) - set(self.protocol.model.operation_names)
        if unknown:
            raise ValueError(f"botocore's {name} has no operations {sorted(unknown)}")

    @property
    def operations(self) -> frozenset[str]:
        """The names of what it does."""
        return frozenset(self._operations)

    def perform(self, caller: Caller, name: str, params: dict[str, Any]) -> Mapping[str, Any] | HttpResponse:
        """Run an operation by its name. ServiceError when it is refused."""
        operation = self.protocol.model.operation_model(name)
        run = self._operations.get(name)
        if run is None:
            known = f"{self.protocol.model.service_name}:{name}"
            raise ServiceError("UnknownOperationException", f"the embedded cloud has no {known}")
        validation.check(params, operation.input_shape)
        return run(Call(caller, operation, params))

    async def handle(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> tuple[int, dict[str, str], Any]:
        """MiniStack's signature of a service. Operations may block, so they run off its event loop."""
        response = await asyncio.to_thread(self._respond, HttpRequest(method, path, headers, query, body))
        return response.status, response.headers, response.body

    def _respond(self, request: HttpRequest) -> HttpResponse:
        try:
            operation, params = self.protocol.read(request)
            result = self.perform(Caller.of(request), operation.name, params)
            if isinstance(result, HttpResponse):
                return result
            return self.protocol.write(operation, result)
        except ServiceError as error:
            return self.protocol.refuse(error)
