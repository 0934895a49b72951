"""Supervised fine-tuning: a conversation whose last turn is the assistant's answer.

Text, tools, reasoning, images, videos or documents, in the shape of Bedrock's Converse API. Source: Amazon
Nova user guide, "Preparing data for fine-tuning", and Nova Forge 1.4.10, sft_dataset_validator.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.fast_path.converse import ConverseFastPath
from atelier.datasets.rules.finding import Violation
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.conversation import (
    ASSISTANT_LAST,
    CONVERSATION_RULES,
    check_blocks_together,
    check_frame,
    check_turns,
    features,
    turns_of,
)
from atelier.datasets.shapes.dialogue import Dialogue
from atelier.datasets.shapes.file_rules import check_conversations
from atelier.datasets.shapes.writing import converse_sample


def validate(sample: dict[str, Any], requirements: Requirements) -> Iterator[Violation]:
    """Violations of one sample."""
    messages = turns_of(sample)
    yield from check_frame(sample)
    yield from check_turns(messages)
    yield from check_blocks_together(sample, messages, requirements)


def _write(dialogue: Dialogue) -> dict[str, Any]:
    return converse_sample(dialogue, {"role": "assistant", "content": dialogue.answer})


SFT = register(
    Definition(
        name="sft",
        use="training",
        purpose="supervised fine-tuning of Nova",
        row=(
            '`{"schemaVersion": "bedrock-conversation-2024", "system": [{"text"}], "toolConfig": '
            '{"tools": [{"toolSpec"}]}, "messages": [{"role", "content": [block]}]}`; a block is one '
            "of `text`, `image`, `video`, `document`, `toolResult` (user) or `text`, "
            "`reasoningContent`, `toolUse` (assistant); the last turn is the assistant's"
        ),
        rules=(*CONVERSATION_RULES, ASSISTANT_LAST),
        validate=validate,
        features=features,
        across=check_conversations,
        fast_path=ConverseFastPath,
        write=_write,
    )
)
