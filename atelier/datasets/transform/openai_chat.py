"""OpenAI's chat messages as Converse turns.

Messages of one role in a row become one turn, and results of tools open the user's turn: Converse's turns
alternate. A key with a meaning that Converse has no place for (`weight: 0`, `name`, an image) makes the row
unconvertible. Source: OpenAI's API reference, Chat Completions; Bedrock's Converse API.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from atelier.datasets.rules.finding import shown
from atelier.datasets.shapes.dialogue import Block, Turn, Unconvertible

_KEYS = {
    "system": {"role", "content"},
    "developer": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {"role", "content", "tool_calls"},
    "tool": {"role", "content", "tool_call_id"},
}
_SPEAKER = {"user": "user", "tool": "user", "assistant": "assistant"}
_NO_PARAMETERS = {"type": "object", "properties": {}}


def read_messages(
    messages: Any, at: str, tools: Any = None
) -> tuple[list[str], list[Turn], dict[str, Any] | None]:
    """(system texts, turns, toolConfig) of a list of chat messages."""
    if not isinstance(messages, list) or not messages:
        raise Unconvertible(at, shown(messages), "a list of messages")
    system: list[str] = []
    turns: list[Turn] = []
    for index, message in enumerate(messages):
        where = f"{at}[{index}]"
        role = _role(message, where)
        if role in ("system", "developer"):
            if turns:
                raise Unconvertible(
                    where, f"a message of the {role} inside the conversation", "one before it"
                )
            system += [block["text"] for block in _texts(message.get("content"), f"{where}.content")]
            continue
        blocks = list(_blocks(role, message, where))
        if not blocks:
            raise Unconvertible(f"{where}.content", shown(message.get("content")), "a text or a tool call")
        speaker = _SPEAKER[role]
        if turns and turns[-1]["role"] == speaker:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": speaker, "content": blocks})
    return system, turns, _tool_config(tools)


def _role(message: Any, at: str) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(role, str) or role not in _KEYS:
        raise Unconvertible(f"{at}.role", shown(role), ", ".join(_KEYS))
    for key, value in message.items():
        is_empty = value is None or value == [] or value == {}
        if key not in _KEYS[role] and not is_empty and not (key == "weight" and value == 1):
            raise Unconvertible(
                f"{at}.{key}", shown(value), f"{', '.join(sorted(_KEYS[role]))} in a message of {role}"
            )
    return role


def _blocks(role: str, message: dict[str, Any], at: str) -> Iterator[Block]:
    texts = _texts(message.get("content"), f"{at}.content")
    if role == "tool":
        identifier = message.get("tool_call_id")
        if not isinstance(identifier, str):
            raise Unconvertible(f"{at}.tool_call_id", shown(identifier), "the id of a call")
        yield {"toolResult": {"toolUseId": identifier, "content": texts or [{"text": ""}]}}
        return
    yield from texts
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise Unconvertible(f"{at}.tool_calls", shown(calls), "a list of calls")
    for index, call in enumerate(calls):
        yield {"toolUse": _tool_use(call, f"{at}.tool_calls[{index}]")}


def _texts(content: Any, at: str) -> list[Block]:
    """Blocks of the texts that say something: content may be null or empty beside a call."""
    if content is None:
        return []
    if isinstance(content, str):
        return [{"text": content}] if content else []
    if not isinstance(content, list):
        raise Unconvertible(at, shown(content), "a text, or a list of parts")
    blocks = []
    for index, part in enumerate(content):
        text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
        if not isinstance(text, str):
            raise Unconvertible(f"{at}[{index}]", shown(part), 'parts of text: {"type": "text", "text": "…"}')
        if text:
            blocks.append({"text": text})
    return blocks


def _tool_use(call: Any, at: str) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    identifier = call.get("id") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str) or not isinstance(identifier, str):
        accepted = '{"id": "…", "type": "function", "function": {"name": "…", "arguments": "{…}"}}'
        raise Unconvertible(at, shown(call), accepted)
    arguments = function.get("arguments")
    try:
        given = json.loads(arguments or "{}") if isinstance(arguments, str) else arguments
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Unconvertible(f"{at}.function.arguments", shown(arguments), "a JSON object")
    return {"toolUseId": identifier, "name": name, "input": given}


def _tool_config(tools: Any) -> dict[str, Any] | None:
    if tools is None or tools == []:
        return None
    if not isinstance(tools, list):
        raise Unconvertible("tools", shown(tools), "a list of tools")
    return {"tools": [{"toolSpec": _tool_spec(tool, f"tools[{index}]")} for index, tool in enumerate(tools)]}


def _tool_spec(tool: Any, at: str) -> dict[str, Any]:
    function = tool.get("function") if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str):
        raise Unconvertible(at, shown(tool), '{"type": "function", "function": {"name": "…", …}}')
    spec = {"name": name}
    if function.get("description"):
        spec["description"] = function["description"]
    return spec | {"inputSchema": {"json": function.get("parameters") or _NO_PARAMETERS}}
