"""What is wrong with an input is said briefly, with what was perhaps meant."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.problems import Problem, nearest

MODELS = ("nova-lite", "nova-2-lite", "nova-micro", "hyperpod-eks")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("nova-lite-2", "nova-2-lite"),
        ("Nova-Micro", "nova-micro"),
        ("nova_micro", "nova-micro"),
        ("hyperpod", "hyperpod-eks"),
        ("nova-micr", "nova-micro"),
    ],
)
def test_the_nearest_word_is_the_one_that_was_meant(word: str, meant: str) -> None:
    assert nearest(word, MODELS) == f"did you mean {meant!r}?"


@pytest.mark.parametrize("word", ["", "n", "mars"])
def test_a_word_like_none_gets_them_all(word: str) -> None:
    assert nearest(word, MODELS) == "accepted: nova-lite, nova-2-lite, nova-micro, hyperpod-eks"


def test_a_value_that_repeats_itself_without_end_is_shown_short() -> None:
    value: Any = ["x"]
    for _ in range(40):
        value = [value] * 9

    assert len(str(Problem("name", "must be a text", value))) < 120
