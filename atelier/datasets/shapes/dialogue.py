"""The dialogue that every layout is read into and every target written from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from atelier.datasets.rules.finding import Rule, Violation, shown

Block = dict[str, Any]
Turn = dict[str, Any]

CONVERTIBLE = Rule(
    "convertible",
    "A row has what its target holds, and nothing with a meaning that the target cannot hold.",
    "atelier data convert",
)


class Unconvertible(Exception):
    """A row that cannot become a sample of the target format."""

    def __init__(self, at: str, found: str, accepted: str) -> None:
        super().__init__(f"{at}: {found}")
        self.violation = Violation(CONVERTIBLE, at, found, accepted)


@dataclass(frozen=True)
class Dialogue:
    """`turns` are Converse messages, from a user's to the one that `answer` answers; blocks are Converse's.

    `rejected` is an answer that was liked less; None where the source knows of one answer only.
    """

    turns: list[Turn]
    answer: list[Block]
    rejected: list[Block] | None = None
    system: list[str] = field(default_factory=list)
    tool_config: dict[str, Any] | None = None

    @classmethod
    def of(
        cls, turns: list[Turn], *, at: str, system: list[str], tool_config: dict[str, Any] | None
    ) -> Dialogue:
        """From turns of which the last is the assistant's."""
        if not turns or turns[0]["role"] != "user":
            first = f"a first turn of the {turns[0]['role']}" if turns else "no turns"
            raise Unconvertible(at, first, "a conversation that the user begins")
        if turns[-1]["role"] != "assistant":
            raise Unconvertible(at, "a last turn of the user", "a conversation that ends with an answer")
        return cls(turns[:-1], turns[-1]["content"], system=system, tool_config=tool_config)

    def last_exchange(self) -> Dialogue:
        """The last question and its answer alone."""
        return Dialogue(self.turns[-1:], self.answer, self.rejected, self.system, self.tool_config)

    def in_context(self, texts: Sequence[str]) -> Dialogue:
        """The first question after these texts, but for those that it or the system has already."""
        if not texts:
            return self
        first, *others = self.turns
        blocks = first["content"]
        held = [*self.system, *(block["text"] for block in blocks if "text" in block)]
        before = [text for text in texts if not any(text in other for other in held)]
        if not before:
            return self
        if blocks and "text" in blocks[0]:
            before, blocks = [*before, blocks[0]["text"]], blocks[1:]
        turn = first | {"content": [{"text": "\n\n".join(before)}, *blocks]}
        return replace(self, turns=[turn, *others])


def text_of(blocks: list[Block], at: str) -> str:
    """Blocks of text as one text, or a single tool call as JSON."""
    if len(blocks) == 1 and isinstance(call := blocks[0].get("toolUse"), dict):
        written = {"name": call.get("name"), "arguments": call.get("input")}
        return json.dumps(written, ensure_ascii=False, separators=(",", ":"))
    texts = [block.get("text") for block in blocks]
    if not all(isinstance(text, str) for text in texts):
        kinds = " and ".join(sorted({kind for block in blocks for kind in block}))
        raise Unconvertible(at, kinds or "nothing", "text, or one tool call")
    return "\n".join(map(str, texts))


def required_text(value: Any, at: str) -> str:
    """The value, when it is a text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise Unconvertible(at, shown(value), "a text that is not empty")
    return value
