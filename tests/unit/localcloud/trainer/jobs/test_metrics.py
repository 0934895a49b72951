"""Scores against values worked out by hand."""

from __future__ import annotations

import math

import pytest

from localcloud.trainer.jobs.metrics import (
    exact_match,
    f1_score,
    f1_score_quasi,
    normalize,
    quasi_exact_match,
    score,
    standard_error,
)


def test_exact_match_ignores_only_surrounding_space() -> None:
    assert exact_match("blue", " blue\n") == 1.0
    assert exact_match("blue", "Blue") == 0.0


def test_quasi_exact_match_ignores_case_articles_punctuation_and_the_form_of_numbers() -> None:
    assert (
        quasi_exact_match("The answer is 4.", "answer is 4.0") == 0.0
    )  # "4.0" loses its point before it is a number
    assert quasi_exact_match("The answer is 4.", "Answer is 4!") == 1.0
    assert normalize("A re-run of THE 7 tests in an hour") == "re run of 7.0 tests in hour"


def test_an_empty_answer_matches_nothing_even_where_normalisation_leaves_nothing_of_the_gold_one() -> None:
    assert normalize("The") == ""
    assert quasi_exact_match("The", "") == 0.0
    assert exact_match(" ", "") == 0.0


def test_f1_is_the_harmonic_mean_of_the_words_precision_and_recall() -> None:
    # three of four gold words, three of five written ones: 2 * 3 / (4 + 5)
    assert f1_score("a b c d", "a b c x y") == pytest.approx(6 / 9)
    assert f1_score("a b", "c d") == 0.0
    assert f1_score_quasi("The cat!", "a cat") == 1.0


def test_standard_error_is_the_deviation_over_the_root_of_the_count() -> None:
    # deviations of 1,0,1,0 from 0.5 are 0.5 each: variance 4 * 0.25 / 3
    assert standard_error([1.0, 0.0, 1.0, 0.0]) == pytest.approx(math.sqrt(1 / 3) / 2)
    assert standard_error([1.0]) == 0.0


def test_rouge_counts_words_pairs_and_the_longest_common_subsequence() -> None:
    found = score(["one two three four"], ["one two four three"])
    assert found["rouge1"] == pytest.approx(1.0)
    assert found["rouge2"] == pytest.approx(1 / 3)  # of three pairs only "one two" is shared
    assert found["rougeL"] == pytest.approx(3 / 4)  # "one two three"


def test_rouge_weighs_precision_and_recall_and_takes_words_as_they_are() -> None:
    assert score(["one two"], ["one two three four"])["rouge1"] == pytest.approx(2 / 3)  # 2 * 2 / (2 + 4)
    assert score(["two orders"], ["two order"])["rouge1"] == pytest.approx(1 / 2)  # no stemming


def test_bleu_is_a_percentage_of_the_whole_corpus() -> None:
    same = ["the order is on its way", "your refund was paid today"]
    assert score(same, same)["bleu"] == pytest.approx(100.0)
    assert score(same, ["nothing here fits at all", "nor does this one here"])["bleu"] < 10


def test_every_metric_comes_with_its_standard_error() -> None:
    found = score(["yes", "no"], ["yes", "maybe"])
    metrics = {name for name in found if not name.endswith("_stderr")}
    assert metrics == {
        "rouge1",
        "rouge2",
        "rougeL",
        "exact_match",
        "quasi_exact_match",
        "f1_score",
        "f1_score_quasi",
        "bleu",
    }
    assert {f"{name}_stderr" for name in metrics} <= set(found)
    assert found["exact_match"] == 0.5
    assert found["exact_match_stderr"] == pytest.approx(0.5)
