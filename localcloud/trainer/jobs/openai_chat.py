"""OpenAI chat messages as the turns that the chat template takes.

Consecutive messages of one speaker become one turn; a tool's result belongs to the user's turn. ValueError
names the field, its value and what is accepted. Source: OpenAI's API reference, Chat Completions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SPEAKERS = {"user": "user", "tool": "user", "assistant": "assistant"}
_SYSTEM = ("system", "developer")


def read_messages(messages: Sequence[Any]) -> tuple[list[str], list[dict[str, Any]]]:
    """(system texts, turns): a turn is `{"role": …, "content": [blocks as Converse has them]}`."""
    if not isinstance(messages, list) or not messages:
        raise ValueError(f"messages: {messages!r}; accepted: a list of messages")
    system: list[str] = []
    turns: list[dict[str, Any]] = []
    for index, message in enumerate(messages):
        at = f"messages[{index}]"
        role = message.get("role") if isinstance(message, dict) else None
        if role in _SYSTEM and not turns:
            system += _texts(message.get("content"), f"{at}.content")
            continue
        if role not in _SPEAKERS:
            accepted = ", ".join(_SPEAKERS) if role in _SYSTEM else ", ".join((*_SYSTEM, *_SPEAKERS))
            raise ValueError(f"{at}.role: {role!r}; accepted: {accepted}")
        blocks = list(_blocks(message, at))
        if turns and turns[-1]["role"] == _SPEAKERS[role]:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": _SPEAKERS[role], "content": blocks})
    return system, turns


def _blocks(message: Mapping[str, Any], at: str) -> Iterator[dict[str, Any]]:
    texts = [{"text": text} for text in _texts(message.get("content"), f"{at}.content")]
    if message["role"] == "tool":
        yield {"toolResult": {"toolUseId": message["tool_call_id"], "content": texts}}
        return
    yield from texts
    for index, call in enumerate(message.get("tool_calls") or ()):
        yield {"toolUse": _tool_use(call, f"{at}.tool_calls[{index}]")}


def _texts(content: Any, at: str) -> list[str]:
    """The texts of a message's content: a string, or a list of text parts."""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    texts = [part.get("text") if isinstance(part, dict) else None for part in parts]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{at}: {content!r}; accepted: a text, or a list of parts of type text")
    return [text for text in texts if text]


def _tool_use(call: Mapping[str, Any], at: str) -> dict[str, Any]:
    function = call["function"]
    arguments = function.get("arguments") or {}
    try:
        parsed = json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise ValueError(f"{at}.function.arguments: {arguments!r}; accepted: a JSON object")
    return {"toolUseId": call["id"], "name": function["name"], "input": parsed}
