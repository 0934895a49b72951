"""Turns and their content blocks in the shape of Bedrock's Converse API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atelier.datasets.rules.feature_counts import Features
from atelier.datasets.rules.finding import Rule, Violation, shown
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.blocks import OBJECT_KINDS, object_blocks
from atelier.datasets.shapes.fields import (
    BLANK_TEXT,
    FIELD_RULES,
    LIST,
    OBJECT,
    TEXT,
    UNKNOWN_KEY,
    UNREAD_KEY,
    VALUE_TYPE,
    Field,
    check_fields,
    check_text,
)
from atelier.datasets.shapes.file_rules import ACROSS_RULES
from atelier.datasets.shapes.media import (
    MEDIA_FORMATS,
    MEDIA_RULES,
    check_bucket,
    check_media,
    check_media_counts,
)
from atelier.datasets.shapes.tools import (
    TOOL_RULES,
    check_call,
    check_result,
    check_tool_config,
    check_tool_use,
    tool_names,
)
from atelier.datasets.shapes.words import WORD_RULES, check_words

_FORGE = "Nova Forge sft_dataset_validator"

SCHEMA_VERSION = "bedrock-conversation-2024"
OPTIONAL_KEYS = ("schemaVersion", "system", "toolConfig")
ROLES = ("user", "assistant")
KINDS: Mapping[str, tuple[str, ...]] = {
    "user": ("text", "image", "video", "document", "toolResult"),
    "assistant": ("text", "reasoningContent", "toolUse"),
}
_ALL_KINDS = ("text", *OBJECT_KINDS)

SCHEMA_VERSION_KNOWN = Rule(
    "schema-version",
    f'schemaVersion is "{SCHEMA_VERSION}".',
    f"{_FORGE} requires just that, the user guide says any text",
    "warn",
)
ROLE = Rule("role", "The role of a turn is user or assistant.", f"{_FORGE}; Amazon Nova user guide")
USER_FIRST = Rule("user-first", "The first turn is the user's.", f"{_FORGE}; Amazon Nova user guide")
TURNS_ALTERNATE = Rule(
    "turns-alternate", "Turns of user and assistant alternate.", f"{_FORGE}; Amazon Nova user guide"
)
ASSISTANT_LAST = Rule(
    "assistant-last", "The last turn is the assistant's.", f"{_FORGE}; Amazon Nova user guide"
)
BLOCK_KIND = Rule(
    "block-kind",
    f"A content block has exactly one key, which is its kind: {', '.join(_ALL_KINDS)}.",
    "Bedrock's Converse API (ContentBlock is a union); Nova Forge lets a block have several",
)
BLOCK_ROLE = Rule(
    "block-role",
    "Media and tool results are in the user's turns, tool calls and reasoning in the assistant's.",
    f"{_FORGE}; Amazon Nova user guide",
)
REASONING_WITH_MEDIA = Rule(
    "reasoning-with-media",
    "A sample with reasoningContent has no image, video or document.",
    f"{_FORGE}; Amazon Nova user guide",
)
CONVERSATION_RULES = (
    *(*FIELD_RULES, UNKNOWN_KEY, UNREAD_KEY, BLANK_TEXT),
    *(SCHEMA_VERSION_KNOWN, ROLE, USER_FIRST, TURNS_ALTERNATE, BLOCK_KIND, BLOCK_ROLE, REASONING_WITH_MEDIA),
    *(*WORD_RULES, *TOOL_RULES, *MEDIA_RULES, *ACROSS_RULES),
)

MESSAGES = Field("messages", LIST, says=True)
SAMPLE = (
    MESSAGES,
    Field("schemaVersion", TEXT, required=False),
    Field("system", LIST, required=False),
    Field("toolConfig", OBJECT, required=False),
)
_TURN = (Field("role", TEXT), Field("content", LIST, says=True))
_SYSTEM = (Field("text", TEXT, says=True),)
_REASONING = (Field("reasoningText", OBJECT),)
_REASONING_TEXT = (Field("text", TEXT), Field("signature", TEXT, required=False))


def check_frame(sample: dict[str, Any]) -> Iterator[Violation]:
    """Violations outside the turns: other keys, schemaVersion, system, toolConfig."""
    yield from check_fields(sample, SAMPLE)
    version = sample.get("schemaVersion", SCHEMA_VERSION)
    if isinstance(version, str) and version != SCHEMA_VERSION:
        yield Violation(SCHEMA_VERSION_KNOWN, "schemaVersion", shown(version), SCHEMA_VERSION)
    for index, block in enumerate(turns_of(sample, "system")):
        at = f"system[{index}]"
        if not isinstance(block, dict):
            yield Violation(VALUE_TYPE, at, shown(block), OBJECT.accepted)
            continue
        yield from check_fields(block, _SYSTEM, at, extra=UNREAD_KEY)
        yield from check_words(block.get("text"), f"{at}.text")
    if isinstance(sample.get("toolConfig"), dict):
        yield from check_tool_config(sample["toolConfig"])


def check_turns(messages: list[Any], *, is_answered: bool = True) -> Iterator[Violation]:
    """Violations of each turn and of their order. `is_answered`: the last turn must be the assistant's."""
    before = None
    for index, message in enumerate(messages):
        at = f"messages[{index}]"
        if not isinstance(message, dict):
            yield Violation(VALUE_TYPE, at, shown(message), OBJECT.accepted)
            before = None
            continue
        yield from check_fields(message, _TURN, at)
        role = message.get("role")
        if role in ROLES:
            if index == 0 and role != "user":
                yield Violation(USER_FIRST, f"{at}.role", shown(role), "user")
            if role == before:
                other = ROLES[1 - ROLES.index(role)]
                yield Violation(TURNS_ALTERNATE, f"{at}.role", shown(role), other)
            yield from check_content(message.get("content"), role, at)
        elif isinstance(role, str):
            yield Violation(ROLE, f"{at}.role", shown(role), " or ".join(ROLES))
        before = role
    if is_answered and before == "user":
        yield Violation(ASSISTANT_LAST, f"messages[{len(messages) - 1}].role", shown(before), "assistant")


def check_content(content: Any, role: str, at: str) -> Iterator[Violation]:
    """Violations of the content blocks of a turn or a candidate."""
    for index, block in enumerate(content if isinstance(content, list) else ()):
        yield from _check_block(block, role, f"{at}.content[{index}]")


def _check_block(block: Any, role: str, at: str) -> Iterator[Violation]:
    if not isinstance(block, dict):
        yield Violation(VALUE_TYPE, at, shown(block), OBJECT.accepted)
        return
    kinds = list(block)
    if len(kinds) != 1 or kinds[0] not in _ALL_KINDS:
        yield Violation(BLOCK_KIND, at, shown(kinds), f"one of {', '.join(KINDS[role])}")
        return
    (kind,) = kinds
    if kind not in KINDS[role]:
        yield Violation(BLOCK_ROLE, at, f"{kind} in a turn of the {role}", ", ".join(KINDS[role]))
    value, where = block[kind], f"{at}.{kind}"
    if kind == "text":
        yield from check_text(value, where)
        yield from check_words(value, where, answered=role == "assistant")
    elif not isinstance(value, dict):
        yield Violation(VALUE_TYPE, where, shown(value), OBJECT.accepted)
    elif kind in MEDIA_FORMATS:
        yield from check_media(kind, value, where)
    elif kind == "toolUse":
        yield from check_call(value, where)
    elif kind == "toolResult":
        yield from check_result(value, where)
    else:
        yield from _check_reasoning(value, where)


def _check_reasoning(reasoning: dict[str, Any], at: str) -> Iterator[Violation]:
    yield from check_fields(reasoning, _REASONING, at, extra=UNREAD_KEY)
    text = reasoning.get("reasoningText")
    if isinstance(text, dict):
        where = f"{at}.reasoningText"
        yield from check_fields(text, _REASONING_TEXT, where, extra=UNREAD_KEY)
        if isinstance(text.get("text"), str):
            yield from check_text(text["text"], f"{where}.text")
            yield from check_words(text["text"], f"{where}.text", answered=True)


def check_blocks_together(
    sample: dict[str, Any], messages: list[Any], requirements: Requirements
) -> Iterator[Violation]:
    """Violations across blocks: tool calls and their tools, and the counts, kinds and bucket of media."""
    blocks = list(object_blocks(messages))
    yield from check_tool_use(blocks, tool_names(sample), len(messages))
    yield from check_media_counts(blocks)
    if requirements.bucket:
        yield from check_bucket(blocks, requirements.bucket)
    kinds = {block.kind for block in blocks}
    media = [kind for kind in MEDIA_FORMATS if kind in kinds]
    if "reasoningContent" in kinds and media:
        found = f"reasoningContent and {' and '.join(media)}"
        yield Violation(REASONING_WITH_MEDIA, "messages", found, "one or the other")


def features(sample: dict[str, Any]) -> Features:
    """The optional keys that a sample has, and the kinds of its content blocks."""
    kinds = (block.kind for block in object_blocks(sample.get("messages")))
    return frozenset((*(key for key in OPTIONAL_KEYS if key in sample), *kinds))


def turns_of(sample: dict[str, Any], key: str = "messages") -> list[Any]:
    """A list of the sample; none where it is missing or something else."""
    value = sample.get(key)
    return value if isinstance(value, list) else []
