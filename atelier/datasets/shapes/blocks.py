"""The content blocks of a conversation, also of an invalid one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

OBJECT_KINDS = ("image", "video", "document", "toolUse", "toolResult", "reasoningContent")


class Block(NamedTuple):
    """A block that holds an object: its turn, path, kind and value."""

    turn: int
    at: str
    kind: str
    value: dict[str, Any]


def object_blocks(messages: Any) -> Iterator[Block]:
    """The blocks of every turn, in order. Other shapes are skipped: the field rules report them."""
    for turn, message in enumerate(messages if isinstance(messages, list) else ()):
        if isinstance(message, dict):
            yield from content_blocks(message.get("content"), turn, f"messages[{turn}]")


def content_blocks(content: Any, turn: int, at: str) -> Iterator[Block]:
    """The blocks of one turn's content, or of a candidate's."""
    for index, block in enumerate(content if isinstance(content, list) else ()):
        if isinstance(block, dict):
            for kind in OBJECT_KINDS:
                if isinstance(block.get(kind), dict):
                    yield Block(turn, f"{at}.content[{index}].{kind}", kind, block[kind])
