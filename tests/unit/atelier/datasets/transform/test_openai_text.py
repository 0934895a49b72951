"""Plain chats go a fast way, which writes what the readable one writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from atelier.datasets.shapes.words import RESERVED_WORDS
from atelier.datasets.transform import openai_text
from atelier.datasets.transform.sources import Source
from tests.fixtures.conversions import HELLO, chat, converted, plain, said, texts


@given(rows=st.lists(plain, min_size=1, max_size=4), system=st.one_of(st.none(), texts.filter(bool)))
def test_the_fast_way_writes_what_the_readable_way_writes(
    rows: list[dict[str, Any]], system: str | None
) -> None:
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    block = openai_text.convert_block(data, system)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openai_text, "convert_block", lambda _data, _system: None)
        samples, outcome = converted(*rows, source=Source.OPENAI_CHAT, system=system)

    if block is None:
        return
    assert [json.loads(line) for line in block.lines.splitlines()] == samples
    assert (block.rows, outcome.refused) == (len(rows), 0)


def test_the_fast_way_takes_plain_chats() -> None:
    data = b"".join(
        json.dumps(row).encode() + b"\n" for row in (HELLO, chat(said("system", "s"), *HELLO["messages"]))
    )

    block = openai_text.convert_block(data)

    assert block
    assert [(sorted(features), rows, first) for features, rows, first in block.features] == [
        (["schemaVersion", "system"], 1, 2),
        (["schemaVersion"], 1, 1),
    ]


@pytest.mark.parametrize("word", RESERVED_WORDS)
def test_the_fast_way_sees_every_reserved_word_however_it_is_written(word: str) -> None:
    plain_line = json.dumps(chat(said("user", f"a {word} b"), said("assistant", "c"))).encode()
    escaped = plain_line.replace(word[-2].encode(), f"\\u{ord(word[-2]):04x}".encode(), 1)

    assert openai_text.convert_block(plain_line + b"\n") is None
    assert openai_text.convert_block(escaped + b"\n") is None
