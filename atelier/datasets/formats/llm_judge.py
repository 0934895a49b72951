"""Two answers to a prompt for a judge to compare; with images the task is mm_llm_judge.

Source: Amazon Nova user guide, "LLM as a judge".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.rules.finding import Violation, shown
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.fields import (
    BLANK_TEXT,
    FIELD_RULES,
    LIST,
    TEXT,
    UNREAD_KEY,
    Field,
    check_fields,
)
from atelier.datasets.shapes.images import IMAGE_DATA, check_images

_ANSWERS = ("response_A", "response_B")
_SAMPLE = (
    Field("prompt", TEXT, says=True),
    *(Field(name, TEXT) for name in _ANSWERS),
    Field("images", LIST, required=False),
)


def validate(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    """Violations of one sample. A model may have answered with nothing: that is a warning."""
    yield from check_fields(sample, _SAMPLE, extra=UNREAD_KEY)
    for name in _ANSWERS:
        answer = sample.get(name)
        if isinstance(answer, str) and not answer.strip():
            yield Violation(BLANK_TEXT, name, shown(answer), "an answer to judge")
    yield from check_images(sample.get("images"))


LLM_JUDGE = register(
    Definition(
        name="llm_judge",
        use="evaluation",
        purpose="two answers for a judge",
        row='`{"prompt", "response_A", "response_B", "images": [{"data"}]}`',
        rules=(*FIELD_RULES, UNREAD_KEY, BLANK_TEXT, IMAGE_DATA),
        validate=validate,
    )
)
