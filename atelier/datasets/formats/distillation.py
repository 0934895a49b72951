"""Distillation: prompts that a teacher answers, as conversations with or without the last answer.

Source: Amazon Nova user guide, "Model distillation"; the recipes' maxNumberOfPrompts, maxLineLengthInKB and
maxInputFileSizeInGB. The last turn of a prompt is the user's when it is converted: the teacher answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.fast_path.prompts import PromptFastPath
from atelier.datasets.rules.finding import Rule, Violation
from atelier.datasets.rules.requirements import Bound, Requirements
from atelier.datasets.shapes.blocks import object_blocks
from atelier.datasets.shapes.conversation import (
    CONVERSATION_RULES,
    check_blocks_together,
    check_frame,
    check_turns,
    features,
    turns_of,
)
from atelier.datasets.shapes.file_rules import check_conversations
from atelier.datasets.shapes.writing import converse_sample

_KB, _GB = 1024, 1024**3

PROMPT_TEXT = Rule(
    "prompt-text",
    "The prompts of a teacher are text.",
    "The user guide shows no other content; no source says what the container does with it",
    "warn",
)


def validate(sample: dict[str, Any], requirements: Requirements) -> Iterator[Violation]:
    """Violations of one sample."""
    messages = turns_of(sample)
    yield from check_frame(sample)
    yield from check_turns(messages, is_answered=False)
    yield from check_blocks_together(sample, messages, requirements)
    for block in object_blocks(messages):
        yield Violation(PROMPT_TEXT, block.at, block.kind, "text")


DISTILLATION = register(
    Definition(
        name="distillation",
        use="training",
        purpose="prompts for a teacher",
        row="as `sft`, with or without the assistant's last turn",
        rules=(*CONVERSATION_RULES, PROMPT_TEXT),
        validate=validate,
        features=features,
        across=check_conversations,
        fast_path=PromptFastPath,
        requirements=Requirements(
            min_rows=Bound(100, "the prompts that distillation needs"),
            max_rows=Bound(20_000, "the prompts that distillation takes"),
            max_line_bytes=180 * _KB,
            max_file_bytes=2 * _GB,
        ),
        write=converse_sample,
        answers=0,
    )
)
