"""Conversations for SFT and DPO in the shape of Bedrock's Converse API.

A sample has `messages`, and may have `system`, `toolConfig` and `schemaVersion`. In SFT the last turn is the
assistant's answer; in DPO it holds `candidates`, at least one preferred and one non-preferred. Source: Amazon
Nova user guide, "Preparing data for fine-tuning".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from atelier.datasets.all_or_none import ALL_OR_NONE, all_or_none
from atelier.datasets.definition import Definition
from atelier.datasets.demands import Demands
from atelier.datasets.fault import Fault, shown
from atelier.datasets.tally import Tally, Traits
from atelier.datasets.tools import SHAPE, check_tool_use, tool_names

OPTIONAL_KEYS = ("schemaVersion", "system", "toolConfig")
_KEYS = ("messages", *OPTIONAL_KEYS)
_ROLES = ("user", "assistant")
_BLOCKS = {
    "user": ("text", "image", "video", "document", "toolResult"),
    "assistant": ("text", "toolUse", "reasoningContent"),
}
_LABELS = ("preferred", "non-preferred")
# Words that the training containers put between turns themselves: a job whose data has them fails.
_RESERVED = (
    *("System:", "SYSTEM:", "User:", "USER:", "Bot:", "BOT:", "Assistant:", "ASSISTANT:", "Thought:"),
    *("[EOS]", "<image>", "<video>", "<unk>"),
)


def check_sft(sample: dict[str, Any], _demands: Demands) -> Iterator[Fault]:
    """Faults of one SFT sample."""
    yield from _check_frame(sample)
    messages = sample.get("messages")
    if isinstance(messages, list) and messages:
        yield from _check_turns(messages)
        yield from check_tool_use(messages, tool_names(sample))


def check_dpo(sample: dict[str, Any], _demands: Demands) -> Iterator[Fault]:
    """Faults of one DPO sample."""
    yield from _check_frame(sample)
    messages = sample.get("messages")
    if isinstance(messages, list) and messages:
        *before, last = messages
        yield from _check_turns(before, last_role="user")
        yield from check_tool_use(before, tool_names(sample))
        yield from _check_candidates(last)


def _check_frame(sample: dict[str, Any]) -> Iterator[Fault]:
    for key in sorted(sample.keys() - set(_KEYS)):
        yield Fault(SHAPE, "keys", key, ", ".join(_KEYS))
    messages = sample.get("messages")
    if not isinstance(messages, list) or not messages:
        yield Fault(SHAPE, "messages", shown(messages), "a list of turns")
    if "toolConfig" in sample and not tool_names(sample):
        accepted = '{"tools": [{"toolSpec": {"name": "…", "inputSchema": …}}]}'
        yield Fault(SHAPE, "toolConfig", shown(sample["toolConfig"]), accepted)
    system = sample.get("system", [])
    if not isinstance(system, list) or not all(_text_of(block) is not None for block in system):
        yield Fault(SHAPE, "system", shown(system), '[{"text": "…"}]')
        return
    for block in system:
        yield from _check_reserved(block["text"], "system")


def _check_turns(messages: list[Any], *, last_role: str = "assistant") -> Iterator[Fault]:
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        role = message.get("role") if isinstance(message, dict) else None
        expected = _ROLES[index % 2]
        if role != expected:
            yield Fault(
                SHAPE, f"{where}.role", shown(role), f"{expected}: turns alternate and the user begins"
            )
            continue
        content = message.get("content")
        if not isinstance(content, list) or not content:
            yield Fault(SHAPE, f"{where}.content", shown(content), "a list of content blocks")
            continue
        for block in content:
            yield from _check_block(block, role, where)
    if not messages or len(messages) % 2 != (1 if last_role == "user" else 0):
        yield Fault(
            SHAPE,
            "messages",
            f"{len(messages)} turns",
            f"a conversation whose last turn is the {last_role}'s",
        )


def _check_block(block: Any, role: str, where: str) -> Iterator[Fault]:
    accepted = _BLOCKS[role]
    kinds = [kind for kind in block if kind in accepted] if isinstance(block, dict) else []
    if len(kinds) != 1 or len(block) != 1:
        found = shown(list(block) if isinstance(block, dict) else block)
        yield Fault(SHAPE, f"{where}.content", found, f"one of {', '.join(accepted)} in a turn of the {role}")
    elif kinds[0] != "text" and not isinstance(block[kinds[0]], dict):
        yield Fault(SHAPE, f"{where}.content.{kinds[0]}", shown(block[kinds[0]]), "an object")
    elif kinds == ["text"]:
        if not isinstance(block["text"], str) or not block["text"]:
            yield Fault(SHAPE, f"{where}.content.text", shown(block["text"]), "a text that is not empty")
        elif role == "user":
            yield from _check_reserved(block["text"], where)


def _check_reserved(text: str, where: str) -> Iterator[Fault]:
    for word in _RESERVED:
        if word in text:
            yield Fault(SHAPE, f"{where} reserved words", word, "text without the words that mark turns")


def _check_candidates(turn: Any) -> Iterator[Fault]:
    candidates = turn.get("candidates") if isinstance(turn, dict) else None
    if not isinstance(turn, dict) or turn.get("role") != "assistant" or not isinstance(candidates, list):
        yield Fault(SHAPE, "last turn", shown(turn), 'the assistant\'s, with "candidates"')
        return
    labels = []
    for index, candidate in enumerate(candidates):
        content = candidate.get("content") if isinstance(candidate, dict) else None
        if not isinstance(content, list) or not content or not all(_text_of(block) for block in content):
            yield Fault(SHAPE, f"candidates.{index}.content", shown(content), '[{"text": "…"}]')
        label = candidate.get("preferenceLabel") if isinstance(candidate, dict) else None
        if label not in _LABELS:
            yield Fault(SHAPE, f"candidates.{index}.preferenceLabel", shown(label), " or ".join(_LABELS))
        labels.append(label)
    if not all(label in labels for label in _LABELS):
        yield Fault(SHAPE, "candidates", f"labels {labels}", "at least one preferred and one non-preferred")


def _text_of(block: Any) -> str | None:
    text = block.get("text") if isinstance(block, dict) else None
    return text if isinstance(text, str) else None


def _traits(sample: dict[str, Any]) -> Traits:
    return frozenset(key for key in OPTIONAL_KEYS if key in sample)


def _across(tally: Tally) -> Iterable[Fault]:
    return all_or_none(tally, OPTIONAL_KEYS)


SFT = Definition((SHAPE, ALL_OR_NONE), check_sft, _traits, _across)
DPO = Definition((SHAPE, ALL_OR_NONE), check_dpo, _traits, _across)
