"""Pairs of a chosen and a rejected answer become candidates, and come back."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.datasets import Format
from atelier.datasets.transform.columns import Columns
from tests.fixtures.conversions import HELLO, converted, reason, said, turn


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Hello", "chosen": "Hi", "rejected": "Go away"},
        {
            "chosen": [said("user", "Hello"), said("assistant", "Hi")],
            "rejected": [said("user", "Hello"), said("assistant", "Go away")],
        },
        {
            "prompt": [said("user", "Hello")],
            "chosen": [said("assistant", "Hi")],
            "rejected": [said("assistant", "Go away")],
        },
        {
            "prompt": "Hello",
            "chosen": [said("user", "Hello"), said("assistant", "Hi")],
            "rejected": [said("user", "Hello"), said("assistant", "Go away")],
        },
        {"question": "Hello", "chosen": "Hi", "rejected": "Go away"},
        {
            "input": {"messages": [said("user", "Hello")], "tools": [], "parallel_tool_calls": True},
            "preferred_output": [said("assistant", "Hi")],
            "non_preferred_output": [said("assistant", "Go away")],
        },
    ],
)
def test_preferences_become_candidates(row: dict[str, Any]) -> None:
    samples, outcome = converted(row, to=Format.DPO)

    assert outcome.report.findings == []
    assert samples[0]["messages"] == [
        turn("user", "Hello"),
        {
            "role": "assistant",
            "candidates": [
                {"content": [{"text": "Hi"}], "preferenceLabel": "preferred"},
                {"content": [{"text": "Go away"}], "preferenceLabel": "non-preferred"},
            ],
        },
    ]


@pytest.mark.parametrize(
    ("columns", "question"),
    [
        ({"instruction": "Say it in French.", "input": "good night"}, "Say it in French.\n\ngood night"),
        ({"instruction": "Name a fruit.", "input": ""}, "Name a fruit."),
        ({"instruction": "Name a fruit.", "input": None}, "Name a fruit."),
        ({"instruction": "Name a fruit.", "input": "  "}, "Name a fruit."),
        ({"instruction": "Name a fruit."}, "Name a fruit."),
        ({"instruction": "Name a fruit.", "prompt": None}, "Name a fruit."),
        ({"instruction": None, "input": "Name a fruit."}, "Name a fruit."),
        ({"input": "Name a fruit."}, "Name a fruit."),
    ],
)
@pytest.mark.parametrize("is_chat", [False, True])
def test_a_preference_asks_its_instruction_and_its_input(
    columns: dict[str, Any], question: str, is_chat: bool
) -> None:
    answers = {"chosen": "Yes", "rejected": "No"}
    pair = {name: [said("assistant", text)] for name, text in answers.items()} if is_chat else answers

    samples, outcome = converted(columns | pair, to=Format.DPO)

    assert outcome.report.findings == []
    assert samples[0]["messages"][0] == turn("user", question)


def test_an_instruction_that_is_named_as_the_question_keeps_its_input() -> None:
    row = {"instruction": "Say it in French.", "input": "good night", "chosen": "a", "rejected": "b"}

    samples, _ = converted(row, to=Format.DPO, columns=Columns(query="instruction"))

    assert samples[0]["messages"][0] == turn("user", "Say it in French.\n\ngood night")


def test_a_pair_whose_target_has_one_answer_is_told() -> None:
    row = {"prompt": "Hello", "chosen": "Hi", "rejected": "Go away"}

    assert converted(row, row, to=Format.SFT)[1].one_answer == 2
    assert converted(row, row, to=Format.DPO)[1].one_answer == 0


def test_a_preference_of_two_conversations_that_differ_before_the_answer_is_refused() -> None:
    row = {
        "chosen": [said("user", "Hello"), said("assistant", "Hi")],
        "rejected": [said("user", "Good day"), said("assistant", "Go away")],
    }

    assert reason(row, to=Format.DPO) == "rejected: another conversation before the answer"


def test_a_prompt_that_the_chosen_conversation_does_not_ask_is_refused() -> None:
    row = {"prompt": "Where is it?", "chosen": HELLO["messages"], "rejected": HELLO["messages"]}

    assert reason(row, to=Format.DPO) == "chosen: a conversation that does not ask the prompt"


def test_a_preference_without_a_question_says_which_column_is_missing() -> None:
    row = {"chosen": "Hi", "rejected": "Go away"}

    assert reason(row, to=Format.DPO) == "prompt: no such column"


@pytest.mark.parametrize("target", [Format.DPO, Format.PREFERENCE, Format.SFT])
def test_preferences_come_back_as_they_were(target: Format) -> None:
    row = {"prompt": "Hello", "chosen": "Hi", "rejected": "Go away"}

    samples, _ = converted(row, to=target)
    back, _ = converted(*samples, to=Format.PREFERENCE)

    assert back == ([row] if target != Format.SFT else [])
