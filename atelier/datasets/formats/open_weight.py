"""What the recipes of open-weight models read: preferences, prompts with completions, chats, VERL's prompts.

Other keys are passed through to the trainers. Source: SageMaker SDK, sagemaker/ai_registry/schemas,
{hf_preference,hf_prompt_completion,openai_chat,verl}.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.formats.chat import CHAT_ROLE, check_messages
from atelier.datasets.formats.definition import Definition
from atelier.datasets.formats.fields import (
    BLANK_TEXT,
    EMPTY_VALUE,
    FIELD_RULES,
    LIST,
    OBJECT,
    TEXT,
    TEXT_OR_LIST,
    TEXT_OR_OBJECT,
    Field,
    check_fields,
)
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.rules.rule import Rule
from atelier.datasets.rules.violation import Violation, shown

PROMPT_NAMED = Rule(
    "prompt-named",
    'A preference names what was asked: "prompt" or "input".',
    "hf_preference.json has both keys and requires neither",
    "warn",
)

_PROMPT_KEYS = ("prompt", "input")
_ABOUT = (
    Field("id", TEXT, required=False),
    Field("attributes", OBJECT, required=False),
    Field("difficulty", TEXT, required=False),
)
_PREFERENCE = (
    *(Field(name, TEXT_OR_LIST, required=False) for name in _PROMPT_KEYS),
    Field("chosen", TEXT_OR_LIST),
    Field("rejected", TEXT_OR_LIST),
    *_ABOUT,
)
_PROMPT_COMPLETION = (Field("prompt", TEXT_OR_LIST), Field("completion", TEXT_OR_LIST), *_ABOUT)
_OPENAI_CHAT = (Field("messages", LIST, says=True),)
_VERL = (
    Field("prompt", TEXT_OR_LIST),
    Field("attributes", TEXT_OR_OBJECT, required=False),
    *(Field(name, TEXT, required=False) for name in ("id", "difficulty", "data_source", "ability")),
    *(Field(name, OBJECT, required=False) for name in ("reward_model", "extra_info")),
)


def _explain_preference(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    yield from check_fields(sample, _PREFERENCE, extra=None)
    if not any(key in sample for key in _PROMPT_KEYS):
        yield Violation(PROMPT_NAMED, "", "neither", " or ".join(_PROMPT_KEYS))
    for key in (*_PROMPT_KEYS, "chosen", "rejected"):
        yield from _check_said(sample.get(key), key)


def _explain_prompt_completion(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    yield from check_fields(sample, _PROMPT_COMPLETION, extra=None)
    for key in ("prompt", "completion"):
        yield from _check_said(sample.get(key), key)


def _explain_openai_chat(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    yield from check_fields(sample, _OPENAI_CHAT, extra=None)
    if isinstance(sample.get("messages"), list):
        yield from check_messages(sample["messages"], "messages")


def _explain_verl(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    yield from check_fields(sample, _VERL, extra=None)
    yield from _check_said(sample.get("prompt"), "prompt")


def _check_said(said: Any, at: str) -> Iterator[Violation]:
    """Faults of a text, or of the messages that stand in its place; their roles are free."""
    if isinstance(said, list):
        if not said:
            yield Violation(EMPTY_VALUE, at, "[]", "one message at least")
        yield from check_messages(said, at, roles=None)
    elif isinstance(said, str) and not said.strip():
        yield Violation(BLANK_TEXT, at, shown(said), "a text that is more than white space")


PREFERENCE = Definition((*FIELD_RULES, BLANK_TEXT, PROMPT_NAMED), _explain_preference)
PROMPT_COMPLETION = Definition((*FIELD_RULES, BLANK_TEXT), _explain_prompt_completion)
OPENAI_CHAT = Definition((*FIELD_RULES, CHAT_ROLE), _explain_openai_chat)
VERL = Definition((*FIELD_RULES, BLANK_TEXT), _explain_verl)
