"""The fast way from OpenAI chat to Converse SFT, for rows that are text and nothing else.

A block of lines is decoded and encoded by msgspec at once; between them a row costs a look at its roles
and one object a turn. Whatever is unusual (tools, parts, two messages of one role, an empty text, a reserved
word) makes the whole block "not sure", and the readable way converts it row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from atelier.datasets.fast_path.decoding import UNDECODABLE
from atelier.datasets.fast_path.words import may_have_words
from atelier.datasets.rules.feature_counts import Features
from atelier.datasets.shapes.writing import SCHEMA_VERSION

_Text = Annotated[str, Meta(min_length=1)]


class _Message(Struct, gc=False, forbid_unknown_fields=True, tag_field="role"):
    content: _Text


class _System(_Message, tag="system"):
    pass


class _User(_Message, tag="user"):
    pass


class _Assistant(_Message, tag="assistant"):
    pass


class _Chat(Struct, gc=False, forbid_unknown_fields=True):
    messages: Annotated[list[_System | _User | _Assistant], Meta(min_length=2)]


class _Block(Struct, gc=False):
    text: str


class _Blocks(Struct, gc=False, array_like=True):
    block: _Block


class _UserTurn(Struct, gc=False, tag_field="role", tag="user"):
    content: _Blocks


class _AssistantTurn(Struct, gc=False, tag_field="role", tag="assistant"):
    content: _Blocks


class _Sample(Struct, gc=False, omit_defaults=True, tag_field="schemaVersion", tag=SCHEMA_VERSION):
    messages: list[_UserTurn | _AssistantTurn]
    system: _Blocks | None = None


# What the rule "all or none" counts in such samples.
_WITHOUT_SYSTEM: Features = frozenset({"schemaVersion"})
_WITH_SYSTEM: Features = _WITHOUT_SYSTEM | {"system"}

_decoder = msgspec.json.Decoder(_Chat)
_encoder = msgspec.json.Encoder()


class Block(NamedTuple):
    """Converted lines. `features`: (features, number of samples with exactly these, the first one from 1)."""

    lines: bytes
    rows: int
    features: list[tuple[Features, int, int]]


def convert_block(lines: bytes, system: str | None = None) -> Block | None:
    """The lines as SFT samples; None when the readable way has to convert them.

    `system` is given to rows that begin without one.
    """
    try:
        chats = _decoder.decode_lines(lines)
    except UNDECODABLE:
        return None
    samples = []
    for chat in chats:
        messages = chat.messages
        begins_with_system = _begins_with_system(tuple(map(type, messages)))
        if begins_with_system is None:
            return None
        text = messages.pop(0).content if begins_with_system else system
        if text and text.isspace():
            return None
        turns: list[_UserTurn | _AssistantTurn] = []
        for message in messages:
            content = _Blocks(_Block(message.content))
            turns.append(_UserTurn(content) if type(message) is _User else _AssistantTurn(content))
        samples.append(_Sample(turns, _Blocks(_Block(text)) if text else None))
    converted = _encoder.encode_lines(samples)
    is_last_line_open = not lines.endswith(b"\n")
    if len(samples) != lines.count(b"\n") + is_last_line_open or may_have_words(converted):
        return None
    return Block(converted, len(samples), list(_features(samples)))


@lru_cache(maxsize=256)
def _begins_with_system(kinds: tuple[type[_Message], ...]) -> bool | None:
    """Whether such a conversation begins with a system text; None when its turns do not alternate."""
    turns = kinds[1:] if kinds[0] is _System else kinds
    alternate = turns == (_User, _Assistant) * (len(turns) // 2)
    return kinds[0] is _System if turns and alternate else None


def _features(samples: list[_Sample]) -> Iterator[tuple[Features, int, int]]:
    for features, has_system in ((_WITH_SYSTEM, True), (_WITHOUT_SYSTEM, False)):
        numbers = [number for number, sample in enumerate(samples, 1) if bool(sample.system) is has_system]
        if numbers:
            yield features, len(numbers), numbers[0]
