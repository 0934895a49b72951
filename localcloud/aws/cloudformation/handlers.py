"""How resource types of our own services enter MiniStack's CloudFormation."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core import responses
from ministack.services.cloudformation import provisioners, stacks

from localcloud.aws.services.authorization import Caller
from localcloud.aws.services.service import Service

Properties = Mapping[str, Any]
Created = tuple[str, dict[str, Any]]
POLL_SECONDS = 0.05


def register(resource_type: str, **handlers: Callable[..., Any]) -> None:
    """Make a type known: `create` and `delete`, `update` where a change is no replacement."""
    provisioners._RESOURCE_HANDLERS[resource_type] = handlers


def run_aside(*resource_types: str) -> None:
    """Run waiting handlers in threads, as MiniStack does for its own types."""
    original = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda named: named in resource_types or original(named)


@dataclass(frozen=True)
class StackCaller(Caller):
    """CloudFormation as a caller: permission to change a stack covers its resources, as in MiniStack."""

    def require(self, action: str, resource: str = "*", context: Mapping[str, Any] | None = None) -> None:
        """Nothing is denied."""


def perform(service: Service, operation: str, params: Properties) -> Mapping[str, Any]:
    """An operation of ours, in the account and region of the stack at hand. ServiceError when refused."""
    caller = StackCaller("", responses.get_account_id(), responses.get_region())
    result = service.perform(caller, operation, dict(params))
    assert isinstance(result, Mapping)
    return result


def call(action: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    """One of MiniStack's own JSON operations. ValueError, which fails the resource, when it is refused."""
    status, _headers, body = action(*arguments)
    text = body.decode() if isinstance(body, bytes) else str(body)
    if status >= 400:
        raise ValueError(text)
    answer: dict[str, Any] = json.loads(text or "{}")
    return answer


def wait_until(look: Callable[[], bool]) -> None:
    """Wait for a condition; the operation behind it has an end of its own."""
    while not look():
        time.sleep(POLL_SECONDS)


def physical_name(stack: str, logical_id: str, *, longest: int) -> str:
    """A generated name for a resource without one."""
    return str(provisioners._physical_name(stack, logical_id, max_len=longest))


def replaced(old: Properties, new: Properties, *names: str) -> bool:
    """Whether any of these properties differs."""
    return any(old.get(name) != new.get(name) for name in names)
