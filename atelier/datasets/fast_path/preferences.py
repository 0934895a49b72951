"""The fast path of preferences about text, with images: decoded as types, as conversations are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from atelier.datasets.fast_path.converse_types import Image, Strict, Text, TextBlock, Version
from atelier.datasets.fast_path.decoding import UNDECODABLE, keys_of
from atelier.datasets.fast_path.words import may_have_words
from atelier.datasets.rules.feature_counts import Features
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.media import MAX_IMAGES_A_TURN

_LABELS = {"preferred", "non-preferred"}


class UserBlock(Strict):
    """A block of the user's: a text or an image."""

    text: Text | UnsetType = UNSET
    image: Image | UnsetType = UNSET


class Candidate(Strict):
    content: Annotated[list[TextBlock], Meta(min_length=1)]
    preference_label: Literal["preferred", "non-preferred"]


class User(Strict, tag_field="role", tag="user"):
    content: Annotated[list[UserBlock], Meta(min_length=1)]


class Assistant(Strict, tag_field="role", tag="assistant"):
    """An answer before the last turn has content, the last turn candidates."""

    content: Annotated[list[TextBlock], Meta(min_length=1)] | UnsetType = UNSET
    candidates: list[Candidate] | UnsetType = UNSET


class Row(Strict):
    messages: list[User | Assistant]
    system: list[TextBlock] | UnsetType = UNSET
    schema_version: Version | UnsetType = UNSET


_decode = msgspec.json.Decoder(Row).decode


class PreferenceFastPath:
    """Accepts preferences about text."""

    def __init__(self, requirements: Requirements) -> None:
        self._place = f"s3://{requirements.bucket}/" if requirements.bucket else "s3://"

    def __call__(self, line: bytes) -> Features | None:
        if may_have_words(line):
            return None
        try:
            row = _decode(line)
        except UNDECODABLE:
            return None
        pairs = len(row.messages) // 2
        if not pairs or tuple(map(type, row.messages)) != (User, Assistant) * pairs:
            return None
        *before, last = row.messages
        if not isinstance(last, Assistant) or not _is_pair(last) or not _says(row.system or ()):
            return None
        if not all(map(self._is_turn, before)):
            return None
        keys = keys_of(system=row.system, schema_version=row.schema_version)
        return frozenset((*keys, "image") if any(map(_images, before)) else keys)

    def _is_turn(self, turn: User | Assistant) -> bool:
        if isinstance(turn, Assistant):
            return turn.candidates is UNSET and turn.content is not UNSET and _says(turn.content)
        for block in turn.content:
            if (block.text is UNSET) is (block.image is UNSET):
                return False
            if block.text is not UNSET and block.text.isspace():
                return False
            if block.image is not UNSET and not block.image.source.s3_location.uri.startswith(self._place):
                return False
        return _images(turn) <= MAX_IMAGES_A_TURN


def _is_pair(turn: Assistant) -> bool:
    if turn.content is not UNSET or turn.candidates is UNSET:
        return False
    labels = {candidate.preference_label for candidate in turn.candidates}
    return labels == _LABELS and all(_says(candidate.content) for candidate in turn.candidates)


def _says(blocks: Iterable[TextBlock]) -> bool:
    return not any(block.text.isspace() for block in blocks)


def _images(turn: User | Assistant) -> int:
    return sum(block.image is not UNSET for block in turn.content) if isinstance(turn, User) else 0
