"""VERL's prompts: reinforcement of open weights.

Other keys are passed through to the trainers. Source: SageMaker SDK,
sagemaker/ai_registry/schemas/verl.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.rules.finding import Violation
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.chat import check_text_or_messages
from atelier.datasets.shapes.fields import (
    BLANK_TEXT,
    FIELD_RULES,
    OBJECT,
    TEXT,
    TEXT_OR_LIST,
    TEXT_OR_OBJECT,
    Field,
    check_fields,
)

_SAMPLE = (
    Field("prompt", TEXT_OR_LIST),
    Field("attributes", TEXT_OR_OBJECT, required=False),
    *(Field(name, TEXT, required=False) for name in ("id", "difficulty", "data_source", "ability")),
    *(Field(name, OBJECT, required=False) for name in ("reward_model", "extra_info")),
)


def validate(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    """Violations of one sample."""
    yield from check_fields(sample, _SAMPLE, extra=None)
    yield from check_text_or_messages(sample.get("prompt"), "prompt")


VERL = register(
    Definition(
        name="verl",
        use="open weights",
        purpose="reinforcement of open weights",
        row=(
            '`{"prompt", "data_source", "ability", "reward_model", "extra_info"}`; the prompt is a '
            "text or a list of messages"
        ),
        rules=(*FIELD_RULES, BLANK_TEXT),
        validate=validate,
    )
)
