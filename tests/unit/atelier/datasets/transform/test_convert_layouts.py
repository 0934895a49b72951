"""The layout of a file is recognised by its columns, or taken as it is named."""

from __future__ import annotations

import io
from typing import Any

import pytest

from atelier.datasets import Format
from atelier.datasets.transform.columns import Columns
from atelier.datasets.transform.convert import Conversion, Undetected, convert
from atelier.datasets.transform.sources import Source
from tests.fixtures.conversions import HELLO, converted, said, turn


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"prompt": "Hello", "completion": "Hi"}, Source.PROMPT_COMPLETION),
        (
            {"prompt": [said("user", "Hello")], "completion": [said("assistant", "Hi")]},
            Source.PROMPT_COMPLETION,
        ),
        ({"question": "Hello", "answer": "Hi"}, Source.QUESTION_ANSWER),
        ({"query": "Hello", "response": "Hi"}, Source.QUESTION_ANSWER),
        ({"instruction": "Hello", "input": "", "output": "Hi"}, Source.INSTRUCTION),
        ({"prompt": "Hello", "chosen": "Hi", "rejected": "Go away"}, Source.PREFERENCE),
        (HELLO, Source.OPENAI_CHAT),
        ({"messages": [turn("user", "Hello"), turn("assistant", "Hi")]}, Source.CONVERSE),
    ],
)
def test_every_layout_is_recognised_and_read(row: dict[str, Any], expected: Source) -> None:
    samples, outcome = converted(row)

    assert outcome.source == expected
    assert samples[0]["messages"] == [turn("user", "Hello"), turn("assistant", "Hi")]


def test_an_instruction_s_input_follows_it() -> None:
    samples, _ = converted({"instruction": "Translate.", "input": "oui", "output": "yes"})

    assert samples[0]["messages"][0] == turn("user", "Translate.\n\noui")


def test_columns_may_have_any_name() -> None:
    columns = Columns(query="frage", response="antwort", system="rolle")

    samples, outcome = converted({"frage": "Hallo", "antwort": "Hi", "rolle": "Nett."}, columns=columns)

    assert outcome.source == Source.QUESTION_ANSWER
    assert samples[0]["system"] == [{"text": "Nett."}]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"a": 1}], "columns a: no known layout"),
        ([[1]], "none of the first lines is a row: list"),
        ([HELLO, {"question": "a", "answer": "b"}], "the first rows are openai-chat and question-answer"),
    ],
)
def test_a_layout_that_is_not_known_is_asked_for(rows: list[Any], expected: str) -> None:
    with pytest.raises(Undetected, match=expected):
        converted(*rows)


def test_a_layout_that_is_named_is_taken() -> None:
    assert converted(HELLO, {"a": 1}, source=Source.OPENAI_CHAT)[1].refused == 1


def test_lines_that_are_no_rows_say_why_not() -> None:
    with pytest.raises(Undetected, match="none of the first lines is a row: the line ends inside a value"):
        convert(io.BytesIO(b"[\n{\n"), lambda _lines: None, Conversion(Format.SFT))
