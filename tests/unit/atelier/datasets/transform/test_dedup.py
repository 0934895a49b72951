"""Duplicates are left out, the first is kept, and the report says which."""

from __future__ import annotations

import io
import json
from random import Random
from typing import Any

import pytest

from atelier.datasets.leakage.similarity import shingles, similarity, sketch, words
from atelier.datasets.transform.dedup import By, DedupResult, Dropped, dedup
from atelier.errors import InvalidDataset

WORDS = [f"word{number}" for number in range(60)]


def qa(query: str, response: str = "r") -> dict[str, Any]:
    return {"query": query, "response": response}


def left(*rows: Any, **asked: Any) -> tuple[list[int], list[Dropped], DedupResult]:
    """Line numbers that are kept, what was dropped, and the counts."""
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    kept: list[bytes] = []
    dropped: list[Dropped] = []
    outcome = dedup(io.BytesIO(b"".join(lines)), kept.append, sink=dropped.append, **asked)
    gone = {drop.line for drop in dropped}
    numbers = [number for number in range(1, len(lines) + 1) if number not in gone]
    assert kept == [lines[number - 1] for number in numbers]
    return numbers, dropped, outcome


def test_the_first_of_equal_rows_is_kept() -> None:
    numbers, dropped, outcome = left(qa("a"), qa("b"), qa("a"), qa("a"))

    assert numbers == [1, 2]
    assert dropped == [Dropped(3, 1, 1.0), Dropped(4, 1, 1.0)]
    assert (outcome.rows, outcome.same, outcome.alike) == (4, 2, 0)


def test_case_spaces_and_the_order_of_keys_make_no_difference() -> None:
    assert left(qa("Hello you."), {"response": "R", "query": "hello  you"})[0] == [1]
    assert left(qa("Hello you."), {"query": "hello  you", "response": "R"})[0] == [1]


def test_ids_of_calls_make_no_difference_but_arguments_do() -> None:
    def calls(identifier: str, **arguments: Any) -> dict[str, Any]:
        use = {"toolUseId": identifier, "name": "find", "input": arguments}
        return {"messages": [{"role": "assistant", "content": [{"toolUse": use}]}]}

    assert left(calls("c1", a=1, b=2), calls("c2", b=2, a=1), calls("c1", a=1, b=3))[0] == [1, 3]


def test_another_answer_makes_another_row_but_the_same_question() -> None:
    assert left(qa("a", "x"), qa("a", "y"))[0] == [1, 2]
    assert left(qa("a", "x"), qa("a", "y"), by=By.QUESTION)[0] == [1]


def converse(question: Any, answer: Any = "A cat.", **row: Any) -> dict[str, Any]:
    blocks = [[{"text": said}] if isinstance(said, str) else said for said in (question, answer)]
    turns = [
        {"role": role, "content": said} for role, said in zip(("user", "assistant"), blocks, strict=True)
    ]
    return row | {"messages": turns}


def pictured(name: str, answer: str = "A cat.") -> dict[str, Any]:
    uri = f"s3://bucket/{name}.png"
    image = {"image": {"format": "png", "source": {"s3Location": {"uri": uri}}}}
    return converse([image, {"text": "What is this?"}], answer)


def reasoned(why: str) -> dict[str, Any]:
    return converse("q", [{"reasoningContent": {"reasoningText": {"text": why}}}, {"text": "y"}])


def tooled(name: str) -> dict[str, Any]:
    return converse("q", toolConfig={"tools": [{"toolSpec": {"name": name, "inputSchema": {"json": {}}}}]})


def preferred(*labels: str) -> dict[str, Any]:
    candidates = [
        {"content": [{"text": text}], "preferenceLabel": label}
        for text, label in zip("xy", labels, strict=True)
    ]
    return {"messages": [{"role": "assistant", "candidates": candidates}]}


DIFFERENT = {
    "a picture": (pictured("1"), pictured("2")),
    "a picture of an evaluation": (qa("q") | {"images": ["1"]}, qa("q") | {"images": ["2"]}),
    "reasoning": (reasoned("because"), reasoned("for another reason")),
    "the tools at hand": (tooled("find"), tooled("refund")),
    "which answer is preferred": (
        preferred("preferred", "non-preferred"),
        preferred("non-preferred", "preferred"),
    ),
    "what the reward goes by": (
        {"id": "1", "messages": [], "reference_answer": {"n": 1}},
        {"id": "1", "messages": [], "reference_answer": {"n": 2}},
    ),
    "columns that are not known": ({"title": "a", "body": "b"}, {"title": "c", "body": "d"}),
    "a number": (qa("Pay 100 now"), qa("Pay 101 now")),
    "a negation": (qa("Pay 100 now"), qa("Do not pay 100 now")),
    "an argument called id": (
        converse("q", [{"toolUse": {"toolUseId": "c", "name": "find", "input": {"id": "1"}}}]),
        converse("q", [{"toolUse": {"toolUseId": "c", "name": "find", "input": {"id": "2"}}}]),
    ),
}


@pytest.mark.parametrize("asked", [{}, {"near": 0.7}])
@pytest.mark.parametrize("rows", DIFFERENT.values(), ids=DIFFERENT)
def test_rows_that_differ_are_kept(rows: tuple[Any, Any], asked: dict[str, Any]) -> None:
    assert left(*rows, **asked)[0] == [1, 2]


def test_a_row_of_its_own_id_is_the_same_row() -> None:
    assert left({"id": "1", "text": "a"}, {"id": "2", "text": "a"})[0] == [1]


def test_the_same_question_about_another_picture_is_another_question() -> None:
    assert left(pictured("1"), pictured("2", "x"), pictured("1", "y"), by=By.QUESTION)[0] == [1, 2]


def test_rows_that_ask_nothing_are_no_duplicates_of_each_other() -> None:
    assert left({"text": "a"}, {"text": "b"}, {"text": "a"}, by=By.QUESTION)[0] == [1, 2]


def test_rows_that_are_alike_are_only_left_out_when_asked() -> None:
    text = " ".join(WORDS)

    assert left(qa(text), qa(f"{text} more"))[0] == [1, 2]
    numbers, ((line, kept, alike),), outcome = left(qa(text), qa(f"{text} more"), near=0.9)
    assert (numbers, line, kept, outcome.alike) == ([1], 2, 1, 1)
    assert 0.9 <= alike < 1


def test_rows_are_compared_with_those_that_were_kept() -> None:
    """A chain of small changes does not pull the last row to the first."""
    versions = [" ".join(WORDS[shift : shift + 40]) for shift in range(0, 20, 2)]

    numbers, dropped, _ = left(*map(qa, versions), near=0.8)

    assert len(numbers) > 1
    assert {drop.kept for drop in dropped} <= set(numbers)


def test_alike_rows_are_found_among_many_of_one_template() -> None:
    random = Random(5)  # noqa: S311 - made-up text
    filled = [" ".join(random.choices(WORDS, k=25)) for _ in range(400)]
    rows = [qa(f"Please tell me what you think of this text which I wrote: {text}") for text in filled]
    copies = [qa(row["query"] + " today") for row in rows[::40]]

    _, dropped, _ = left(*rows, *copies, near=0.8)

    assert [drop.kept for drop in dropped if drop.line > 400] == list(range(1, 401, 40))


@pytest.mark.parametrize("length", [12, 40, 300])
def test_rows_that_are_alike_are_found_whatever_words_were_replaced(length: int) -> None:
    random = Random(length)  # noqa: S311 - made-up text
    pairs = []
    for _ in range(60):
        text = [f"w{random.getrandbits(24)}" for _ in range(length)]
        changed = list(text)
        for place in random.sample(range(length), max(1, length // 60)):
            changed[place] = "other"
        pairs.append((" ".join(text), " ".join(changed)))
    alike = [
        similarity(*(sketch(shingles(words(f"user {text} assistant r"))) for text in pair)) for pair in pairs
    ]

    _, dropped, _ = left(*(qa(text) for pair in pairs for text in pair), near=0.75)

    assert [drop.line for drop in dropped] == [2 * n + 2 for n, value in enumerate(alike) if value >= 0.75]


def test_a_line_that_is_no_row_is_named() -> None:
    with pytest.raises(InvalidDataset, match="line 1 "):
        dedup(io.BytesIO(b"[]\n"), lambda _line: None)
