"""Chats in OpenAI's shape for open weights.

Other keys are passed through to the trainers. Source: SageMaker SDK,
sagemaker/ai_registry/schemas/openai_chat.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.rules.finding import Violation
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.chat import CHAT_ROLE, check_messages
from atelier.datasets.shapes.dialogue import Dialogue
from atelier.datasets.shapes.fields import FIELD_RULES, LIST, Field, check_fields
from atelier.datasets.shapes.writing import write_answer, write_messages

_SAMPLE = (Field("messages", LIST, says=True),)


def validate(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    """Violations of one sample."""
    yield from check_fields(sample, _SAMPLE, extra=None)
    if isinstance(sample.get("messages"), list):
        yield from check_messages(sample["messages"], "messages")


def _write(dialogue: Dialogue) -> dict[str, Any]:
    return {"messages": [*write_messages(dialogue), write_answer(dialogue.answer, "the answer")]}


OPENAI_CHAT = register(
    Definition(
        name="openai_chat",
        use="open weights",
        purpose="fine-tuning of open weights",
        row='`{"messages": [{"role", "content"}]}`',
        rules=(*FIELD_RULES, CHAT_ROLE),
        validate=validate,
        write=_write,
    )
)
