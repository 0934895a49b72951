"""Supervised fine-tuning: a conversation whose last turn is the assistant's answer.

Text, tools, reasoning, images, videos or documents, in the shape of Bedrock's Converse API. Source: Amazon
Nova user guide, "Preparing data for fine-tuning", and Nova Forge 1.4.10, sft_dataset_validator.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.formats.conversation import (
    ASSISTANT_LAST,
    CONVERSATION_RULES,
    check_blocks_together,
    check_frame,
    check_turns,
    features,
    turns_of,
)
from atelier.datasets.formats.definition import Definition
from atelier.datasets.formats.fast_path.converse import ConverseAcceptor
from atelier.datasets.formats.file_rules import check_conversations
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.rules.violation import Violation


def validate(sample: dict[str, Any], requirements: Requirements) -> Iterator[Violation]:
    """Faults of one sample."""
    messages = turns_of(sample)
    yield from check_frame(sample)
    yield from check_turns(messages)
    yield from check_blocks_together(sample, messages, requirements)


SFT = Definition(
    (*CONVERSATION_RULES, ASSISTANT_LAST), validate, features, check_conversations, ConverseAcceptor
)
