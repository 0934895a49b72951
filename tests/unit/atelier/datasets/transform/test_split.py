"""A split has the shares it was asked for, in every stratum, and no question in two parts."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, strategies as st

from atelier.datasets.transform.split import assign, index, write
from atelier.errors import InvalidDataset


def row(question: str, tool: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = (
        {"toolUse": {"toolUseId": "c", "name": tool, "input": {}}} if tool else {"text": "ok"}
    )
    return {
        "messages": [
            {"role": "user", "content": [{"text": question}]},
            {"role": "assistant", "content": [answer]},
        ]
    }


def encoded(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def split(content: bytes, shares: list[float], seed: int = 0) -> list[list[bytes]]:
    """The lines of each part."""
    assignment = assign(index(io.BytesIO(content), seed), shares)
    parts: list[list[bytes]] = [[] for _ in shares]
    write(io.BytesIO(content), assignment.parts, [part.append for part in parts])
    return parts


MIXED = [row(f"question {number}", ("find", "refund", "")[number % 3]) for number in range(300)]


def test_every_part_has_its_share_of_every_tool() -> None:
    counts = assign(index(io.BytesIO(encoded(MIXED)), 0), [0.8, 0.1, 0.1]).counts

    assert counts == {"": [80, 10, 10], "find": [80, 10, 10], "refund": [80, 10, 10]}


def test_tools_with_few_rows_leave_no_part_empty() -> None:
    rows = [row(f"question {number}", f"tool{number % 10}") for number in range(50)]

    parts = split(encoded(rows), [0.9, 0.05, 0.05])

    assert sorted(len(part) for part in parts) in ([2, 3, 45], [2, 2, 46])


def test_one_question_about_many_pictures_is_not_one_question() -> None:
    rows = [row("What is this?") for _ in range(20)]
    for number, pictured in enumerate(rows):
        uri = {"s3Location": {"uri": f"s3://bucket/{number // 2}.png"}}
        pictured["messages"][0]["content"].append({"image": {"format": "png", "source": uri}})

    parts = split(encoded(rows), [0.5, 0.5])

    assert [len(part) for part in parts] == [10, 10]
    assert not set(parts[0]) & set(parts[1])


def test_lines_are_kept_as_they_are_and_in_order() -> None:
    content = (
        b'{"query": "a",  "response":"b"}\n{"query":"\\u0063","response":"d"}\n{"response":"f","query":"e"}'
    )

    parts = split(content, [0.5, 0.5])

    assert sorted(b"".join(line for part in parts for line in part).split(b"\n")) == sorted(
        [*content.split(b"\n"), b""]
    )
    whole = [line + b"\n" for line in content.split(b"\n")]
    for part in parts:
        assert [line for line in whole if line in part] == part


def test_a_seed_decides_and_the_order_of_the_rows_does_not() -> None:
    parts = [set(part) for part in split(encoded(MIXED), [0.9, 0.1])]

    assert [set(part) for part in split(encoded(MIXED[::-1]), [0.9, 0.1])] == parts
    assert [set(part) for part in split(encoded(MIXED), [0.9, 0.1], seed=1)] != parts


def test_the_split_of_a_seed_is_the_same_on_every_machine() -> None:
    content = encoded([row(f"question {number}") for number in range(10)])

    assert assign(index(io.BytesIO(content), 3), [0.5, 0.5]).parts == bytearray(
        [0, 1, 1, 1, 0, 0, 1, 1, 0, 0]
    )


@given(
    questions=st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from(["", "find"]), st.booleans()), max_size=40
    ),
    seed=st.integers(-5, 5),
)
def test_rows_that_ask_the_same_stay_together(questions: list[tuple[int, str, bool]], seed: int) -> None:
    rows = [
        row(f"Question {number}?" if shout else f"question  {number}", tool)
        for number, tool, shout in questions
    ]

    parts = split(encoded(rows), [0.6, 0.4], seed)

    asked = [
        {
            json.loads(line)["messages"][0]["content"][0]["text"].lower().split()[1].rstrip("?")
            for line in part
        }
        for part in parts
    ]
    assert asked[0] & asked[1] == set()
    assert Counter(line for part in parts for line in part) == Counter(
        encoded(rows).splitlines(keepends=True)
    )


@given(st.integers(1, 200), st.lists(st.integers(1, 9), min_size=2, max_size=3))
def test_parts_are_within_one_row_of_their_shares(count: int, weights: list[int]) -> None:
    shares = [weight / sum(weights) for weight in weights]
    rows = [row(f"question {number}", ("", "find", "refund", "ask")[number % 4]) for number in range(count)]

    for part, share in zip(split(encoded(rows), shares), shares, strict=True):
        assert abs(len(part) - share * count) <= 1


def test_a_line_that_is_no_row_is_named() -> None:
    with pytest.raises(InvalidDataset, match="line 2 "):
        split(encoded(MIXED[:1]) + b"not json\n", [0.5, 0.5])
