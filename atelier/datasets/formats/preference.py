"""Preferences for open weights: a prompt, a chosen and a rejected answer.

Other keys are passed through to the trainers. Source: SageMaker SDK,
sagemaker/ai_registry/schemas/hf_preference.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.rules.finding import Rule, Violation
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.chat import check_text_or_messages
from atelier.datasets.shapes.dialogue import Dialogue
from atelier.datasets.shapes.fields import ABOUT, BLANK_TEXT, FIELD_RULES, TEXT_OR_LIST, Field, check_fields
from atelier.datasets.shapes.writing import prompt_and_answers, rejected_answer

PROMPT_NAMED = Rule(
    "prompt-named",
    'A preference has its question in "prompt" or "input".',
    "hf_preference.json has both keys and requires neither",
    "warn",
)

_PROMPT_KEYS = ("prompt", "input")
_SAMPLE = (
    *(Field(name, TEXT_OR_LIST, required=False) for name in _PROMPT_KEYS),
    Field("chosen", TEXT_OR_LIST),
    Field("rejected", TEXT_OR_LIST),
    *ABOUT,
)


def validate(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    """Violations of one sample."""
    yield from check_fields(sample, _SAMPLE, extra=None)
    if not any(key in sample for key in _PROMPT_KEYS):
        yield Violation(PROMPT_NAMED, "", "neither", " or ".join(_PROMPT_KEYS))
    for key in (*_PROMPT_KEYS, "chosen", "rejected"):
        yield from check_text_or_messages(sample.get(key), key)


def _write(dialogue: Dialogue) -> dict[str, Any]:
    answers = {"chosen": dialogue.answer, "rejected": rejected_answer(dialogue)}
    return prompt_and_answers(dialogue, answers)


PREFERENCE = register(
    Definition(
        name="preference",
        use="open weights",
        purpose="preferences for open weights",
        row='`{"prompt" or "input", "chosen", "rejected"}`: texts, or lists of `{"role", "content"}`',
        rules=(*FIELD_RULES, BLANK_TEXT, PROMPT_NAMED),
        validate=validate,
        write=_write,
        answers=2,
    )
)
