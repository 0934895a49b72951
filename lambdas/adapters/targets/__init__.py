"""Adapters of deployment targets; a module is found by its target's name.

Each has two factories: `deployments` (port Deployments) and `service` (port LongRunning of each kind).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atelier.operations.ports import LongRunning
    from atelier.targets.pointer import Pointers
    from atelier.targets.ports import Deployments


@dataclass(frozen=True, kw_only=True)
class TargetContext:
    """What an adapter is made from: `client` makes a service's boto3 client, `now` gives epoch seconds."""

    client: Callable[[str], Any]
    pointers: Callable[[], Pointers]
    imported_models_quota: int
    now: Callable[[], int]


def deployments(target: str, context: TargetContext) -> Deployments:
    """Port Deployments of a target."""
    port: Deployments = _module(target).deployments(context)
    return port


def service(target: str, kind: str, context: TargetContext) -> LongRunning:
    """The service behind one of the target's kinds of operation."""
    port: LongRunning = _module(target).service(kind, context)
    return port


def _module(target: str) -> Any:
    return import_module(f"{__name__}.{target.replace('-', '_')}")
