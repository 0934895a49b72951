"""CloudFormation's protocol for custom resources, for work that outlasts a function.

A resource is polled until it is done. When a function's own time runs out it calls itself with
the same event and goes on: CloudFormation waits an hour for the answer, a function lives for fifteen minutes.
Whatever happens CloudFormation is answered; it would wait the whole hour otherwise.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.request import Request as HttpRequest, urlopen

import boto3

LONGEST_WAIT_SECONDS = 55 * 60
"""Five minutes less than the hour that CloudFormation gives: the reason must still arrive."""
LOOK_EVERY_SECONDS = 20
_MARGIN_SECONDS = 60
_STATE = "Continuation"
_LONGEST_REASON = 1000


class ResourceFailed(Exception):
    """A custom resource cannot become what it should; the message is the stack event's reason."""


@dataclass(frozen=True)
class Request:
    """What CloudFormation asks: `kind` is Create, Update or Delete; `state` is what an earlier look left.

    `old_properties` are those before an update. `token` is the same for every attempt at one request: Lambda
    tries again when a function dies.
    """

    kind: str
    properties: Mapping[str, Any]
    resource_id: str
    state: Mapping[str, Any]
    token: str
    old_properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """The resource is what it should be. `resource_id` stays as it was when it is None."""

    resource_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NotYet:
    """Look again later; `reason` is what to say if later never comes, `state` what to remember until then."""

    reason: str
    state: Mapping[str, Any] = field(default_factory=dict)


Resource = Callable[[Request], Done | NotYet]


class Context(Protocol):
    """What Lambda tells a function of its own invocation."""

    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int: ...


@dataclass(frozen=True)
class Surroundings:
    """The world of a custom resource: its clock, CloudFormation's ear, and its own continuation."""

    now: Callable[[], float]
    sleep: Callable[[float], None]
    answer: Callable[[str, Mapping[str, Any]], None]
    go_on: Callable[[str, Mapping[str, Any]], None]


def run(
    event: Mapping[str, Any], context: Context, resource: Resource, world: Surroundings | None = None
) -> None:
    """Bring `resource` to its end, here or in the next invocation, and tell CloudFormation."""
    world = world or _aws()
    continuation = event.get(_STATE, {})
    began = continuation.get("began", world.now())
    state = continuation.get("state", {})
    resource_id = event.get("PhysicalResourceId") or f"{event['StackId']}/{event['LogicalResourceId']}"
    try:
        while True:
            request = Request(
                event["RequestType"],
                event["ResourceProperties"],
                resource_id,
                state,
                event["RequestId"],
                event.get("OldResourceProperties", {}),
            )
            match resource(request):
                case Done() as done:
                    return _succeed(event, done, resource_id, world)
                case NotYet(reason, state):
                    if world.now() - began >= LONGEST_WAIT_SECONDS:
                        raise ResourceFailed(f"{reason}, after {LONGEST_WAIT_SECONDS // 60} minutes")
            if context.get_remaining_time_in_millis() < (LOOK_EVERY_SECONDS + _MARGIN_SECONDS) * 1000:
                following = {**event, _STATE: {"began": began, "state": state}}
                return world.go_on(context.invoked_function_arn, following)
            world.sleep(LOOK_EVERY_SECONDS)
    except Exception as error:
        reason = str(error) if isinstance(error, ResourceFailed) else f"{type(error).__name__}: {error}"
        return _answer(event, world, Status="FAILED", Reason=reason, PhysicalResourceId=resource_id)


def _succeed(event: Mapping[str, Any], done: Done, resource_id: str, world: Surroundings) -> None:
    _answer(
        event,
        world,
        Status="SUCCESS",
        PhysicalResourceId=done.resource_id or resource_id,
        Data=dict(done.attributes),
    )


def _answer(event: Mapping[str, Any], world: Surroundings, **fields: Any) -> None:
    if len(fields.get("Reason", "")) > _LONGEST_REASON:
        fields["Reason"] = fields["Reason"][: _LONGEST_REASON - 1] + "…"
    same = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    world.answer(event["ResponseURL"], {**same, **fields})


def _aws() -> Surroundings:
    def go_on(function: str, event: Mapping[str, Any]) -> None:
        boto3.client("lambda").invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode()
        )

    def answer(url: str, body: Mapping[str, Any]) -> None:
        # S3 signed the address for an empty content type; urllib would send a form's.
        request = HttpRequest(  # noqa: S310 (CloudFormation's own address)
            url, data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
        )
        with urlopen(request, timeout=30) as response:  # noqa: S310 (the same)
            response.read()

    return Surroundings(now=time.time, sleep=time.sleep, answer=answer, go_on=go_on)
