"""Prompts with completions for open weights.

Other keys are passed through to the trainers. Source: SageMaker SDK,
sagemaker/ai_registry/schemas/hf_prompt_completion.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.rules.finding import Violation
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.chat import check_text_or_messages
from atelier.datasets.shapes.dialogue import Dialogue
from atelier.datasets.shapes.fields import ABOUT, BLANK_TEXT, FIELD_RULES, TEXT_OR_LIST, Field, check_fields
from atelier.datasets.shapes.writing import prompt_and_answers

_SAMPLE = (Field("prompt", TEXT_OR_LIST), Field("completion", TEXT_OR_LIST), *ABOUT)


def validate(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    """Violations of one sample."""
    yield from check_fields(sample, _SAMPLE, extra=None)
    for key in ("prompt", "completion"):
        yield from check_text_or_messages(sample.get(key), key)


def _write(dialogue: Dialogue) -> dict[str, Any]:
    return prompt_and_answers(dialogue, {"completion": dialogue.answer})


PROMPT_COMPLETION = register(
    Definition(
        name="prompt_completion",
        use="open weights",
        purpose="fine-tuning of open weights",
        row='`{"prompt", "completion"}`: texts, or lists of `{"role", "content"}`',
        rules=(*FIELD_RULES, BLANK_TEXT),
        validate=validate,
        write=_write,
    )
)
