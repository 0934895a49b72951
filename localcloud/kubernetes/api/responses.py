"""Answers over ASGI: one document, or a stream that ends when the client goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from localcloud.common.request_gate import Receive, Send


async def send_document(send: Send, document: dict[str, Any] | str, code: int) -> None:
    """A JSON document, or a text."""
    is_text = isinstance(document, str)
    body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
    kind = b"text/plain; charset=utf-8" if is_text else b"application/json"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_stream(
    receive: Receive, send: Send, chunks: AsyncGenerator[bytes, None], content_type: str
) -> None:
    """Chunks as they come; the headers at once, for a client may wait for them before anything happens."""
    headers = [(b"content-type", content_type.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.ensure_future(_disconnected(receive))
    following: asyncio.Future[bytes | None] = asyncio.ensure_future(anext(chunks, None))
    try:
        while True:
            waiting: list[asyncio.Future[Any]] = [following, gone]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                return
            chunk = following.result()
            if chunk is None:
                break
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            following = asyncio.ensure_future(anext(chunks, None))
        await send({"type": "http.response.body", "body": b""})
    finally:
        for task in (following, gone):
            task.cancel()
        await asyncio.gather(following, gone, return_exceptions=True)
        await chunks.aclose()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
