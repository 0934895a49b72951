"""Put our services, resource types and repairs into MiniStack, in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ministack.app
from ministack.core import iam_actions, lambda_runtime, router

from localcloud import internals
from localcloud.home import Home
from localcloud.patches import lambda_errors, lambda_events, schedule, state_machine_role, task_tokens
from localcloud.services.authorization import Endpoint


@dataclass(frozen=True)
class Services:
    """What was put in, and how to end it."""

    closers: tuple[Callable[[], None], ...]

    def close(self) -> None:
        """End every process our services, and MiniStack's functions, run."""
        for closer in self.closers:
            closer()


def install(home: Home, port: int) -> Services:
    """Check the internals we rely on, then extend. Raises internals.InternalsMoved when MiniStack is not as expected."""
    internals.verify()
    for patch in (lambda_errors, lambda_events, schedule, task_tokens, state_machine_role):
        patch.apply()
    endpoint = Endpoint(f"https://127.0.0.1:{port}", str(home.certificate))
    return Services(closers=(lambda_runtime.reset,))


def application() -> Any:
    """The ASGI application that serves all of it."""
    return ministack.app.app
