"""The shortcut for preferences about text, with images: decoded as types, as conversations are."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from atelier.datasets.definitions.media import MAX_IMAGES_A_TURN
from atelier.datasets.demands import Demands
from atelier.datasets.fast.converse_types import Image, Strict, Text, TextBlock, Version
from atelier.datasets.fast.typed import UNDECODABLE
from atelier.datasets.fast.words import may_have_words
from atelier.datasets.tally import Traits

_LABELS = {"preferred", "non-preferred"}


class Asked(Strict):
    """A block of the user's: a text or an image."""

    text: Text | UnsetType = UNSET
    image: Image | UnsetType = UNSET


class Candidate(Strict):
    content: Annotated[list[TextBlock], Meta(min_length=1)]
    preference_label: Literal["preferred", "non-preferred"]


class User(Strict, tag_field="role", tag="user"):
    content: Annotated[list[Asked], Meta(min_length=1)]


class Assistant(Strict, tag_field="role", tag="assistant"):
    """An answer before the last turn has content, the last turn candidates."""

    content: Annotated[list[TextBlock], Meta(min_length=1)] | UnsetType = UNSET
    candidates: list[Candidate] | UnsetType = UNSET


class Row(Strict):
    messages: list[User | Assistant]
    system: list[TextBlock] | UnsetType = UNSET
    schema_version: Version | UnsetType = UNSET


_decode = msgspec.json.Decoder(Row).decode


class PreferenceAcceptor:
    """Says clean of preferences."""

    def __init__(self, demands: Demands) -> None:
        self._place = f"s3://{demands.bucket}/" if demands.bucket else "s3://"

    def __call__(self, line: bytes) -> Traits | None:
        if may_have_words(line):
            return None
        try:
            row = _decode(line)
        except UNDECODABLE:
            return None
        turns = tuple(map(type, row.messages))
        if not turns or turns != (User, Assistant) * (len(turns) // 2):
            return None
        system = [] if row.system is UNSET else row.system
        if _has_blank(system) or not all(map(self._is_clean, row.messages)) or not _ends(row.messages):
            return None
        traits = {"image"} if any(_images(turn) for turn in row.messages) else set()
        traits.update(["system"] if row.system is not UNSET else [])
        traits.update(["schemaVersion"] if row.schema_version is not UNSET else [])
        return frozenset(traits)
