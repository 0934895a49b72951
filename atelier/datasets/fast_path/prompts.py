"""The fast path of prompts of text, with or without the answer to the last one."""

from __future__ import annotations

from itertools import chain

import msgspec
from msgspec import UNSET

from atelier.datasets.fast_path.converse_types import TextAssistant, TextRow, TextUser
from atelier.datasets.fast_path.decoding import UNDECODABLE, keys_of
from atelier.datasets.fast_path.words import may_have_words
from atelier.datasets.rules.feature_counts import Features
from atelier.datasets.rules.requirements import Requirements

_decode = msgspec.json.Decoder(TextRow).decode


class PromptFastPath:
    """Accepts prompts of text, on which recipes have no further requirement."""

    def __init__(self, _requirements: Requirements) -> None:
        pass

    def __call__(self, line: bytes) -> Features | None:
        if may_have_words(line):
            return None
        try:
            row = _decode(line)
        except UNDECODABLE:
            return None
        pairs, unanswered = divmod(len(row.messages), 2)
        if tuple(map(type, row.messages)) != (TextUser, TextAssistant) * pairs + (TextUser,) * unanswered:
            return None
        system = [] if row.system is UNSET else row.system
        blocks = chain(system, *(turn.content for turn in row.messages))
        if not row.messages or any(block.text.isspace() for block in blocks):
            return None
        return frozenset(keys_of(system=row.system, schema_version=row.schema_version))
