"""Distillation: prompts that a teacher answers, as conversations with or without the last answer.

Source: Amazon Nova user guide, "Model distillation"; the recipes' maxNumberOfPrompts, maxLineLengthInKB and
maxInputFileSizeInGB (their numbers come as Demands).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.formats.blocks import object_blocks
from atelier.datasets.formats.conversation import (
    CONVERSATION_RULES,
    check_blocks_together,
    check_frame,
    check_turns,
    features,
    turns_of,
)
from atelier.datasets.formats.definition import Definition
from atelier.datasets.formats.fast_path.prompts import PromptAcceptor
from atelier.datasets.formats.file_rules import check_conversations
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.rules.rule import Rule
from atelier.datasets.rules.violation import Violation

PROMPT_TEXT = Rule(
    "prompt-text",
    "What a teacher is asked is text.",
    "The user guide shows no other content; no source says what the container does with it",
    "warn",
)


def validate(sample: dict[str, Any], requirements: Requirements) -> Iterator[Violation]:
    """Faults of one sample."""
    messages = turns_of(sample)
    yield from check_frame(sample)
    yield from check_turns(messages, is_answered=False)
    yield from check_blocks_together(sample, messages, requirements)
    for block in object_blocks(messages):
        yield Violation(PROMPT_TEXT, block.at, block.kind, "text")


DISTILLATION = Definition(
    (*CONVERSATION_RULES, PROMPT_TEXT), validate, features, check_conversations, PromptAcceptor
)
