"""The door of the server: counts the requests inside, and can be shut so that the state holds still."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
POLL_SECONDS = 0.02


class RequestGate:
    """An ASGI application around another. Once shut, new requests are answered 503 and SDKs try again."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._inside = 0
        self._is_shut = False
        self.passed = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if self._is_shut:
            await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"1")]})
            await send({"type": "http.response.body", "body": b"the embedded cloud is stopping"})
            return
        self._inside += 1
        try:
            await self._application(scope, receive, send)
        finally:
            self._inside -= 1
            self.passed += 1

    async def shut(self, patience: float) -> None:
        """Refuse new requests, and wait up to `patience` seconds for running ones to end."""
        self._is_shut = True
        deadline = asyncio.get_running_loop().time() + patience
        while self._inside and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(POLL_SECONDS)
