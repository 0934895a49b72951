"""Every column that says something is in the sample, is named to be left out, or refuses the file."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.datasets import Format
from atelier.datasets.transform.columns import Columns
from atelier.datasets.transform.sources import Source
from tests.fixtures.conversions import HELLO, chat, converted, reason, said, turn

SHELF = "The shelf is blue."
ROWS: list[dict[str, Any]] = [
    {"prompt": "Which colour?", "completion": "Blue."},
    {"question": "Which colour?", "answer": "Blue."},
    {"query": "Which colour?", "response": "Blue."},
    {"instruction": "Which colour?", "output": "Blue."},
    {"prompt": "Which colour?", "chosen": "Blue.", "rejected": "Red."},
    {"prompt": [said("user", "Which colour?")], "completion": [said("assistant", "Blue.")]},
]
CHATS: list[dict[str, Any]] = [
    chat(said("user", "Which colour?"), said("assistant", "Blue.")),
    {"conversations": [{"from": "human", "value": "Which colour?"}, {"from": "gpt", "value": "Blue."}]},
    {"messages": [turn("user", "Which colour?"), turn("assistant", "Blue.")]},
    {
        "input": {"messages": [said("user", "Which colour?")]},
        "preferred_output": [said("assistant", "Blue.")],
        "non_preferred_output": [said("assistant", "Red.")],
    },
]


@pytest.mark.parametrize("row", ROWS)
def test_a_context_goes_before_the_question_of_every_layout_of_texts(row: dict[str, Any]) -> None:
    samples, outcome = converted(row | {"context": SHELF})

    assert outcome.report.findings == []
    assert samples[0]["messages"][0] == turn("user", f"{SHELF}\n\nWhich colour?")


@pytest.mark.parametrize("row", [*ROWS, *CHATS])
@pytest.mark.parametrize(
    ("columns", "system", "question"),
    [
        (Columns(context=("shelf",)), None, f"{SHELF}\n\nWhich colour?"),
        (Columns(system="shelf"), [{"text": SHELF}], "Which colour?"),
        (Columns(drop=("shelf",)), None, "Which colour?"),
    ],
)
def test_any_column_of_any_layout_goes_where_it_is_told(
    row: dict[str, Any], columns: Columns, system: Any, question: str
) -> None:
    samples, outcome = converted(row | {"shelf": SHELF}, columns=columns)

    assert outcome.report.findings == []
    assert samples[0].get("system") == system
    assert samples[0]["messages"][0] == turn("user", question)
    assert outcome.left_out == dict.fromkeys(columns.drop, 1)


@pytest.mark.parametrize("row", [*ROWS, *CHATS])
def test_a_column_without_a_place_refuses_the_file(row: dict[str, Any]) -> None:
    _, outcome = converted(row | {"shelf": SHELF, "id": 7}, row, row | {"order_id": 0, "shelf": SHELF})

    assert not outcome.fits_together
    (finding,) = outcome.report.findings
    assert (finding.line, finding.rule, finding.at) == (0, "column-placed", "shelf, order_id")
    assert finding.found.endswith("'shelf' in 2 rows, 'order_id' in 1 row")
    for option in ("--context", "--system-column", "--drop"):
        assert option in finding.accepted


def test_a_context_beside_a_chat_refuses_the_file_until_it_is_told() -> None:
    row = HELLO | {"context": SHELF}

    assert converted(row)[1].unplaced == {"context": 1}
    assert converted(row, columns=Columns(context=("context",)))[1].fits_together


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("empty", [None, "", " \n", [], {}])
def test_a_column_that_says_nothing_needs_no_place(row: dict[str, Any], empty: Any) -> None:
    samples, outcome = converted(row | {"context": empty, "notes": empty, "system": empty})

    assert outcome.report.findings == []
    assert samples[0]["messages"][0] == turn("user", "Which colour?")


def test_metadata_is_left_out_and_told() -> None:
    row = ROWS[1] | {"id": 7, "category": "closed qa"}

    _, outcome = converted(row, row)

    assert (outcome.fits_together, outcome.left_out) == (True, {"id": 2, "category": 2})


@pytest.mark.parametrize(("column", "value"), [("id", "text " * 20), ("category", ["a"]), ("db_id", "yard")])
def test_metadata_that_may_say_something_is_not_left_out(column: str, value: Any) -> None:
    assert converted(ROWS[1] | {column: value})[1].unplaced == {column: 1}


def test_several_contexts_go_in_the_order_in_which_they_are_named() -> None:
    row = {"frage": "Wie viele?", "sql": "SELECT 1", "schema": ["CREATE A", "CREATE B"], "hint": "heavy"}
    columns = Columns(query="frage", response="sql", context=("schema", "hint"))

    samples, outcome = converted(row, columns=columns, to=Format.GEN_QA)

    assert outcome.report.findings == []
    assert samples == [{"query": "CREATE A\n\nCREATE B\n\nheavy\n\nWie viele?", "response": "SELECT 1"}]


def test_a_context_that_the_question_holds_already_is_not_repeated() -> None:
    row = {"prompt": f"{SHELF} Which colour?", "completion": "Blue.", "context": SHELF}

    assert converted(row)[0][0]["messages"][0] == turn("user", f"{SHELF} Which colour?")


def test_a_context_that_is_no_text_is_refused() -> None:
    assert reason(ROWS[1] | {"context": {"title": "a"}}) == "context: {'title': 'a'}"


def test_the_last_exchange_keeps_the_context() -> None:
    row = chat(*HELLO["messages"], said("user", "Which colour?"), said("assistant", "Blue."), shelf=SHELF)

    samples, _ = converted(row, columns=Columns(context=("shelf",)), last_exchange=True)

    assert samples[0]["messages"][0] == turn("user", f"{SHELF}\n\nWhich colour?")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"query": "SELECT 1", "question": "How many?", "answer": "1"}, "query and question"),
        ({"question": "How many?", "response": "1", "answer": "one"}, "response and answer"),
        ({"prompt": "a", "question": "b", "chosen": "c", "rejected": "d"}, "prompt and question"),
        ({"instruction": "a", "question": "b", "chosen": "c", "rejected": "d"}, "question and instruction"),
        ({"input": "a", "query": "b", "chosen": "c", "rejected": "d"}, "input and query"),
    ],
)
def test_one_of_two_columns_is_not_guessed(row: dict[str, Any], expected: str) -> None:
    assert reason(row).startswith(f"{expected}: 2 columns that can be the ")


def test_one_of_two_columns_is_the_question_when_the_other_says_nothing_or_is_dropped() -> None:
    row = {"query": "SELECT 1", "question": "How many?", "answer": "1"}
    for samples, outcome in (
        converted(row | {"query": None}),
        converted(row, columns=Columns(drop=("query",))),
    ):
        assert outcome.fits_together
        assert samples[0]["messages"][0] == turn("user", "How many?")

    assert converted(row, columns=Columns(query="question"))[1].unplaced == {"query": 1}


def test_an_instruction_with_an_answer_of_another_name_is_recognised() -> None:
    row = {"instruction": "Which colour?", "input": "shelf", "reply": "Blue."}

    samples, outcome = converted(row, columns=Columns(response="reply"))

    assert (outcome.source, outcome.fits_together) == (Source.INSTRUCTION, True)
    assert samples[0]["messages"][0] == turn("user", "Which colour?\n\nshelf")


def test_a_question_column_with_an_input_keeps_it() -> None:
    row = {"instruction": "Which colour?", "input": "shelf", "reply": "Blue."}

    samples, outcome = converted(row, columns=Columns(query="instruction", response="reply"))

    assert outcome.fits_together
    assert samples[0]["messages"][0] == turn("user", "Which colour?\n\nshelf")
