"""AWS's binary event streams (application/vnd.amazon.eventstream), as SDKs decode them.

A message is: total length, headers' length, CRC of those eight bytes, headers, payload, CRC of all before it.
A header is: length of its name, name, type (7 for text), length of its value, value. Numbers are big-endian.
"""

from __future__ import annotations

import asyncio
import json
import struct
from binascii import crc32
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from ministack.core import responses

from localcloud.aws.services.protocol import HttpResponse
from localcloud.common.service_error import ServiceError

Event = tuple[str, dict[str, Any]]
TEXT = 7


def encode(headers: dict[str, str], payload: bytes) -> bytes:
    """One message."""
    block = b"".join(
        struct.pack("!B", len(name))
        + name.encode()
        + struct.pack("!BH", TEXT, len(value.encode()))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(block) + len(payload), len(block))
    message = prelude + struct.pack("!I", crc32(prelude)) + block + payload
    return message + struct.pack("!I", crc32(message))


def event(name: str, members: dict[str, Any]) -> bytes:
    """An event of the stream."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return encode(headers, json.dumps(members).encode())


def exception(error: ServiceError) -> bytes:
    """An error in the middle of the stream, under the member name of the stream's shape."""
    name = error.code[:1].lower() + error.code[1:]
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return encode(headers, json.dumps({"message": error.message}).encode())


def response(events: Iterator[Event]) -> HttpResponse:
    """A response that sends each event as soon as there is one. Reading may block, so a thread does it."""

    async def send_events(send: Callable[[dict[str, Any]], Awaitable[None]], _receive: Any) -> None:
        while (message := await asyncio.to_thread(_next, events)) is not None:
            await send({"type": "http.response.body", "body": message, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    headers = {"Content-Type": "application/vnd.amazon.eventstream"}
    return HttpResponse(200, headers, responses.StreamingResponse(send_events))


def _next(events: Iterator[Event]) -> bytes | None:
    try:
        name, members = next(events)
    except StopIteration:
        return None
    except ServiceError as error:
        return exception(error)
    return event(name, members)
