"""A shortcut says clean only of rows in which the rules find nothing, and of those it was made for."""

from __future__ import annotations

import json
import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from atelier.datasets import Format, Requirements, Violation
from atelier.datasets.fast_path.tool_configs import ToolConfigs
from atelier.datasets.formats.registry import DEFINITIONS
from atelier.datasets.lines.line import read
from atelier.datasets.rules.feature_counts import Features
from atelier.datasets.shapes.words import RESERVED_WORDS
from tests.fixtures.mutations import mutated
from tests.fixtures.samples import ANSWERED, CLEAN, sft, text, tool, user

ROWS = {format_: [row for of, row in CLEAN.values() if of == format_] for format_ in Format}
DEMANDS = [Requirements(), Requirements(bucket="data"), Requirements(bucket="other")]


def accepted(format_: Format, line: bytes, requirements: Requirements) -> Features | None:
    fast_path = DEFINITIONS[format_].fast_path
    assert fast_path
    return fast_path(requirements)(line)


@pytest.mark.parametrize("kind", CLEAN)
def test_a_clean_row_is_accepted_with_the_traits_it_has(kind: str) -> None:
    format_, row = CLEAN[kind]

    features = accepted(format_, json.dumps(row).encode(), Requirements())

    assert features == DEFINITIONS[format_].features(row)


@pytest.mark.parametrize("format_", Format)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_is_accepted_is_clean(format_: Format, data: st.DataObject) -> None:
    row = data.draw(mutated(st.sampled_from(ROWS[format_])))
    line = json.dumps(row, ensure_ascii=data.draw(st.booleans())).encode()
    requirements = data.draw(st.sampled_from(DEMANDS))

    features = accepted(format_, line, requirements)

    if features is not None:
        definition = DEFINITIONS[format_]
        assert list(definition.validate(row, requirements)) == []
        assert features == definition.features(row)


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize(
    "spoilt",
    [
        lambda line: line[:-1],
        lambda line: b"\xef\xbb\xbf" + line,
        lambda line: line.replace(b'"', b'"\xff', 1),
        lambda line: line[:-1] + rb', "more": "\ud800"}',
        lambda line: line[:-1] + b', "more": 1e999}',
        lambda line: line[:-1] + b', "more": NaN}',
        lambda line: line[:-1] + b', "more": ' + b"[" * 200 + b"]" * 200 + b"}",
        lambda line: line[:-1] + b', "more": ' + b"[" * 200_000,
        lambda line: line + b" 1",
        lambda _line: b"",
        lambda _line: b"null",
        lambda _line: b"[]",
    ],
)
def test_a_line_that_the_reader_refuses_is_not_accepted(format_: Format, spoilt: Any) -> None:
    line = spoilt(json.dumps(ROWS[format_][0]).encode())

    assert isinstance(read(line), Violation)
    assert accepted(format_, line, Requirements()) is None


DEEP = b"[" * 120 + b"]" * 120


def hidden_values(line: bytes) -> list[bytes]:
    """The line with a deep value before each of its values, under the same key: the last one counts."""
    keys = re.finditer(rb'"(\w+)": ', line)
    return [line[: key.start()] + key[0] + DEEP + b", " + line[key.start() :] for key in keys]


@pytest.mark.parametrize("kind", CLEAN)
def test_what_a_key_that_is_there_twice_hides_is_not_accepted(kind: str) -> None:
    format_, row = CLEAN[kind]

    for line in hidden_values(json.dumps(row).encode()):
        assert json.loads(line) == row
        assert isinstance(read(line), Violation)
        assert accepted(format_, line, Requirements()) is None


@pytest.mark.parametrize("word", RESERVED_WORDS)
@pytest.mark.parametrize("hexadecimal", ["04x", "04X"])
def test_no_escape_hides_a_reserved_word(word: str, hexadecimal: str) -> None:
    for index, letter in enumerate(word):
        escaped = rf"{word[:index]}\u{ord(letter):{hexadecimal}}{word[index + 1 :]}"
        for before in ("", " ", "é", r"\n"):
            line = json.dumps(sft(user(text("?")), ANSWERED)).replace("?", before + escaped).encode()

            assert word in json.loads(line)["messages"][0]["content"][0]["text"]
            assert accepted(Format.SFT, line, Requirements()) is None


SPACES = [chr(code) for code in range(0x10000) if chr(code).isspace()]


@pytest.mark.parametrize("space", SPACES, ids=ascii)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\t", "\t:\r")], ids=repr)
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_no_spelling_hides_a_blank_text(space: str, separators: tuple[str, str], ensure_ascii: bool) -> None:
    row = sft(user(text(space + " ")), ANSWERED)
    line = json.dumps(row, ensure_ascii=ensure_ascii, separators=separators).encode()

    assert accepted(Format.SFT, line, Requirements()) is None
    shouted = re.sub(rb"(?<=\\u)[0-9a-f]{4}", lambda digits: digits[0].upper(), line)
    assert accepted(Format.SFT, shouted, Requirements()) is None


def test_tool_configs_are_remembered_only_while_they_are_few_and_small() -> None:
    def config(number: int, size: int) -> bytes:
        return json.dumps({"tools": [tool(f"t{number}", description="x" * size)]}).encode()

    configs = ToolConfigs()
    tracemalloc.start()
    try:
        for number in range(200):
            assert configs.names(config(number, 1_000_000)) == frozenset({f"t{number}"})
            assert configs.names(config(number, 60_000)) == frozenset({f"t{number}"})
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 6_000_000
