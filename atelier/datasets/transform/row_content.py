"""The content of a row of any layout: its texts by role, tool calls and media."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_ROLE_OF = {
    "system": "system",
    "prompt": "user",
    "query": "user",
    "question": "user",
    "instruction": "user",
    "input": "user",
    "response": "assistant",
    "answer": "assistant",
    "completion": "assistant",
    "output": "assistant",
    "chosen": "assistant",
    "rejected": "assistant",
    "response_A": "assistant",
    "response_B": "assistant",
    "reference_answer": "assistant",
    "text": "text",
}


SHAREGPT_ROLES = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "model": "assistant"}


class Utterance(NamedTuple):
    """One text of a row; for a tool call, `tool` and its arguments as text."""

    role: str
    text: str
    tool: str = ""


@dataclass(frozen=True)
class RowContent:
    """`utterances` in order; `turns` counts messages but the system's.

    `definitions` is the length of the tools' definitions, `media` the user's images, videos and documents
    as JSON.
    """

    utterances: list[Utterance] = field(default_factory=list)
    turns: int = 0
    definitions: int = 0
    media: str = ""

    @property
    def question(self) -> str:
        """All texts of the user, as one."""
        return "\n".join(utterance.text for utterance in self.utterances if utterance.role == "user")

    @property
    def tool(self) -> str:
        """The first tool that the row calls; empty where it calls none."""
        return next((utterance.tool for utterance in self.utterances if utterance.tool), "")

    @property
    def characters(self) -> int:
        """Characters of all texts."""
        return sum(len(utterance.text) for utterance in self.utterances)


def row_content(row: dict[str, Any]) -> RowContent:
    """The content of a row. Values with an unexpected shape are skipped."""
    utterances = [Utterance("system", text) for text in _texts(row.get("system"))]
    turns = 0
    for key, value in row.items():
        if isinstance(value, list) and key in ("messages", "prompt", "completion", "chosen", "rejected"):
            for message in value:
                utterances += _message(message)
                turns += not (isinstance(message, dict) and message.get("role") in ("system", "developer"))
        elif key == "conversations" and isinstance(value, list):
            heard = [Utterance(SHAREGPT_ROLES.get(role, role), text) for role, text in _sharegpt(value)]
            utterances += heard
            turns += sum(part.role != "system" for part in heard)
        elif key == "turns" and isinstance(value, list):
            utterances += [
                Utterance("assistant" if index % 2 == 0 else "user", str(text))
                for index, text in enumerate(value)
            ]
            turns += len(value)
        elif key != "system" and key in _ROLE_OF and isinstance(value, str):
            utterances.append(Utterance(_ROLE_OF[key], value))
            turns += 1
    definitions = sum(len(json_text(row[key])) for key in ("toolConfig", "tools") if row.get(key))
    shown = list(_media(row))
    return RowContent(utterances, turns, definitions, json_text(shown) if shown else "")


def _media(row: dict[str, Any]) -> Iterator[Any]:
    if row.get("images"):
        yield row["images"]
    for key in ("messages", "prompt"):
        for message in _dicts(row.get(key)):
            if message.get("role") == "user":
                yield from (
                    block
                    for block in _dicts(message.get("content"))
                    if "text" not in block and "toolResult" not in block
                )


def _sharegpt(messages: list[Any]) -> Iterator[tuple[str, str]]:
    for message in _dicts(messages):
        if isinstance(message.get("value"), str):
            yield str(message.get("from")), message["value"]


def _message(message: Any) -> Iterator[Utterance]:
    if not isinstance(message, dict):
        return
    role = str(message.get("role"))
    for text in _texts(message.get("content")):
        yield Utterance(role, text)
    for block in _dicts(message.get("content")):
        use, result = block.get("toolUse"), block.get("toolResult")
        if isinstance(use, dict):
            yield Utterance(role, json_text(use.get("input")), str(use.get("name")))
        if isinstance(result, dict):
            yield from (Utterance("tool", text) for text in _texts(result.get("content")))
            yield from (
                Utterance("tool", json_text(part["json"]))
                for part in _dicts(result.get("content"))
                if "json" in part
            )
    for call in _dicts(message.get("tool_calls")):
        function = call.get("function")
        if isinstance(function, dict):
            yield Utterance(role, json_text(function.get("arguments")), str(function.get("name")))
    for candidate in _dicts(message.get("candidates")):
        yield from (Utterance(role, text) for text in _texts(candidate.get("content")))


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    else:
        yield from (block["text"] for block in _dicts(content) if isinstance(block.get("text"), str))


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def json_text(value: Any) -> str:
    """A value as text: a text as it is, others as JSON with keys in order."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
