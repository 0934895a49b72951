"""Preferences: a conversation whose last turn holds candidates, some preferred and some not.

Source: Amazon Nova user guide, "Preparing data for preference fine-tuning"; SageMaker SDK,
ai_registry/schemas/dpo.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.fast_path.preferences import PreferenceFastPath
from atelier.datasets.rules.finding import Rule, Violation, shown
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.blocks import Block, content_blocks, object_blocks
from atelier.datasets.shapes.conversation import (
    CONVERSATION_RULES,
    TURNS_ALTERNATE,
    USER_FIRST,
    check_blocks_together,
    check_content,
    check_frame,
    check_turns,
    features,
    turns_of,
)
from atelier.datasets.shapes.dialogue import Dialogue
from atelier.datasets.shapes.fields import (
    LIST,
    OBJECT,
    TEXT,
    VALUE_TYPE,
    Field,
    below,
    check_fields,
)
from atelier.datasets.shapes.file_rules import check_conversations
from atelier.datasets.shapes.writing import converse_sample, rejected_answer

_SOURCES = "Amazon Nova user guide, preference data; SageMaker SDK dpo.json"
LABELS = ("preferred", "non-preferred")

CANDIDATES_LAST = Rule(
    "candidates-last",
    'The last turn is the assistant\'s and has "candidates" instead of "content".',
    _SOURCES,
)
PREFERENCE_LABEL = Rule(
    "preference-label", f"preferenceLabel of a candidate is {' or '.join(LABELS)}.", _SOURCES
)
PREFERENCE_PAIR = Rule(
    "preference-pair", "There is at least one preferred and one non-preferred candidate.", _SOURCES
)
PREFERENCE_CONTENT = Rule(
    "preference-content",
    "Preferences are about text, with images in the user's turns: no videos, documents or reasoning.",
    "Amazon Nova user guide, preference data",
)
PREFERENCE_TOOLS = Rule(
    "preference-tools",
    "Preferences are about text, not about tool calls.",
    "SageMaker SDK dpo.json has no toolConfig; the user guide says the format is that of fine-tuning",
    "warn",
)
_OWN_RULES = (CANDIDATES_LAST, PREFERENCE_LABEL, PREFERENCE_PAIR, PREFERENCE_CONTENT, PREFERENCE_TOOLS)

_CONTENT = "text, and images in the user's turns"
_REFUSED_KINDS = ("video", "document", "reasoningContent")
_TOOL_KINDS = ("toolUse", "toolResult")
_LAST_TURN = (Field("role", TEXT), Field("candidates", LIST))
_CANDIDATE = (Field("content", LIST, says=True), Field("preferenceLabel", TEXT))


def validate(sample: dict[str, Any], requirements: Requirements) -> Iterator[Violation]:
    """Violations of one sample."""
    messages = turns_of(sample)
    yield from check_frame(sample)
    if "toolConfig" in sample:
        yield Violation(PREFERENCE_TOOLS, "toolConfig", "tools", _CONTENT)
    if messages:
        *before, last = messages
        yield from check_turns(before, is_answered=False)
        yield from check_blocks_together(sample, before, requirements)
        yield from _check_kinds(object_blocks(before))
        yield from _check_last(last, before)


def _check_kinds(blocks: Iterable[Block]) -> Iterator[Violation]:
    for block in blocks:
        if block.kind in _REFUSED_KINDS:
            yield Violation(PREFERENCE_CONTENT, block.at, block.kind, _CONTENT)
        elif block.kind in _TOOL_KINDS:
            yield Violation(PREFERENCE_TOOLS, block.at, block.kind, _CONTENT)


def _check_last(turn: Any, before: list[Any]) -> Iterator[Violation]:
    at = f"messages[{len(before)}]"
    if not isinstance(turn, dict) or turn.get("role") != "assistant" or "candidates" not in turn:
        yield Violation(CANDIDATES_LAST, at, shown(turn), '{"role": "assistant", "candidates": […]}')
        return
    if not before:
        yield Violation(USER_FIRST, f"{at}.role", "'assistant'", "user")
    elif isinstance(before[-1], dict) and before[-1].get("role") == "assistant":
        yield Violation(TURNS_ALTERNATE, f"{at}.role", "'assistant'", "user")
    yield from check_fields(turn, _LAST_TURN, at)
    if isinstance(turn["candidates"], list):
        yield from _check_candidates(turn["candidates"], len(before), at)


def _check_candidates(candidates: list[Any], turn: int, at: str) -> Iterator[Violation]:
    labels = set()
    for index, candidate in enumerate(candidates):
        where = f"{at}.candidates[{index}]"
        if not isinstance(candidate, dict):
            yield Violation(VALUE_TYPE, where, shown(candidate), OBJECT.accepted)
            continue
        yield from check_fields(candidate, _CANDIDATE, where)
        yield from check_content(candidate.get("content"), "assistant", where)
        yield from _check_kinds(content_blocks(candidate.get("content"), turn, where))
        label = candidate.get("preferenceLabel")
        if isinstance(label, str):
            labels.add(label)
            if label not in LABELS:
                yield Violation(
                    PREFERENCE_LABEL, below(where, "preferenceLabel"), shown(label), " or ".join(LABELS)
                )
    missing = [label for label in LABELS if label not in labels]
    if missing:
        yield Violation(
            PREFERENCE_PAIR,
            f"{at}.candidates",
            f"none that is {' or '.join(missing)}",
            "one of each at least",
        )


def _write(dialogue: Dialogue) -> dict[str, Any]:
    candidates = [
        {"content": dialogue.answer, "preferenceLabel": "preferred"},
        {"content": rejected_answer(dialogue), "preferenceLabel": "non-preferred"},
    ]
    return converse_sample(dialogue, {"role": "assistant", "candidates": candidates})


DPO = register(
    Definition(
        name="dpo",
        use="training",
        purpose="preferences for Nova",
        row=(
            'as `sft`, but the last turn is `{"role": "assistant", "candidates": [{"content": '
            '[{"text"}], "preferenceLabel": "preferred" or "non-preferred"}]}`'
        ),
        rules=(*CONVERSATION_RULES, *_OWN_RULES),
        validate=validate,
        features=features,
        across=check_conversations,
        fast_path=PreferenceFastPath,
        write=_write,
        answers=2,
    )
)
