"""What a file holds, counted in one pass."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, strategies as st

from atelier.datasets.transform.row_content import row_content
from atelier.datasets.transform.stats import NO_TOOL, Distribution, Stats, stats


def counted(*rows: Any) -> Stats:
    return stats(io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows)))


CALL = {"toolUse": {"toolUseId": "c", "name": "find", "input": {"id": 7}}}
CONVERSATION = {
    "system": [{"text": "Be kind."}],
    "toolConfig": {"tools": []},
    "messages": [
        {"role": "user", "content": [{"text": "Where is it?"}]},
        {"role": "assistant", "content": [CALL, CALL]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "c", "content": [{"json": {"at": 1}}]}}]},
        {"role": "assistant", "content": [{"text": "Here."}]},
    ],
}


def test_rows_turns_roles_and_tools_are_counted() -> None:
    figures = counted(CONVERSATION, {"query": "a", "response": "b"})

    assert figures.rows == 2
    assert figures.turns.counts == {4: 1, 2: 1}
    assert figures.tools == {"find": 1, NO_TOOL: 1}
    assert figures.roles == {"system": 1, "user": 2, "assistant": 4, "tool": 1}
    assert figures.definitions == len('{"tools": []}')
    assert figures.bytes == len(json.dumps(CONVERSATION)) + len('{"query": "a", "response": "b"}') + 2


def test_tokens_are_guessed_from_all_characters() -> None:
    assert counted({"query": "a" * 30, "response": "b" * 10}).tokens == 10


@pytest.mark.parametrize(
    ("row", "said", "turns"),
    [
        (
            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]},
            ["system", "user"],
            1,
        ),
        (
            {
                "messages": [
                    {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
                ]
            },
            ["assistant"],
            1,
        ),
        (
            {"messages": [{"role": "assistant", "candidates": [{"content": [{"text": "a"}]}] * 2}]},
            ["assistant"] * 2,
            1,
        ),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, ["user", "assistant", "assistant"], 3),
        ({"turns": ["s", "User: a Bot:", "b"]}, ["assistant", "user", "assistant"], 3),
        ({"text": "a"}, ["text"], 1),
        ({"messages": "no", "query": 7, "system": 3, "other": "x"}, [], 0),
        ({"messages": [None, {"content": [None, {"text": 1}]}]}, [], 2),
    ],
)
def test_every_layout_has_its_parts(row: dict[str, Any], said: list[str], turns: int) -> None:
    parts = row_content(row)

    assert ([text.role for text in parts.utterances], parts.turns) == (said, turns)


@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(1, 20))
def test_bins_hold_every_value_once(values: list[int], most: int) -> None:
    bins = Distribution(Counter(values)).bins(most)

    assert sum(count for _, _, count in bins) == len(values)
    assert len(bins) <= most
    for low, high, count in bins:
        assert count == sum(low <= value <= high for value in values)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 2), (0.75, 3), (0.99, 100), (1.0, 100)])
def test_quantiles_are_values_of_the_file(share: float, expected: int) -> None:
    assert Distribution(Counter([1, 2, 3, 100])).quantile(share) == expected


def test_an_empty_file_has_figures_too() -> None:
    figures = counted()

    assert (figures.rows, figures.tokens, figures.turns.bins(5), figures.words.quantile(0.5)) == (0, 0, [], 0)
