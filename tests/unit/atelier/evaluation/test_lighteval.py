"""Scores under the keys that lighteval writes: a task's own, its subtasks', their average, and all."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.evaluation.lighteval import read_results
from atelier.recipes.catalogue import catalogue

BENCHMARKS = [task for task in catalogue().tasks.values() if task.dataset is None and task.strategy]
SUBTASKS = {"first": (0.25, 0.03), "second": (0.75, 0.05)}


def measured(task: str, results: dict[str, Any]) -> dict[str, float]:
    found = read_results(results)
    assert found
    assert found[0].name == task
    return found[1]


def with_subtasks(name: str, metric: str) -> dict[str, Any]:
    """Results of two subtasks, as lighteval aggregates them."""
    return {
        f"custom|{name}:{subtask}|0": {metric: value, f"{metric}_stderr": error}
        for subtask, (value, error) in SUBTASKS.items()
    } | {
        f"custom|{name}:_average|0": {metric: 0.5, f"{metric}_stderr": 0.04},
        "all": {metric: 0.5, f"{metric}_stderr": 0.04},
    }


@pytest.mark.parametrize("task", BENCHMARKS, ids=lambda task: task.name)
@pytest.mark.parametrize("prefix", ["", "{task}_"])
@pytest.mark.parametrize("has_subtasks", [True, False])
def test_every_benchmark_is_read_with_and_without_subtasks_and_prefix(
    task: Any, prefix: str, has_subtasks: bool
) -> None:
    name, metric = f"{task.name}_{task.strategy}", prefix.format(task=task.name) + task.metric
    whole = {f"custom|{name}|0": {metric: 0.5, f"{metric}_stderr": 0.04}}

    numbers = measured(task.name, with_subtasks(name, metric) if has_subtasks else whole)

    assert numbers == pytest.approx({task.metric: 0.5, f"{task.metric}_stderr": 0.04})


@pytest.mark.parametrize("missing", [["_average"], ["all"], ["_average", "all"]])
def test_subtasks_are_averaged_where_lighteval_did_not(missing: list[str]) -> None:
    results = {
        key: value
        for key, value in with_subtasks("mmlu_zs_cot", "accuracy").items()
        if not any(name in key for name in missing)
    }

    assert measured("mmlu", results) == pytest.approx({"accuracy": 0.5, "accuracy_stderr": 0.04})


def test_one_subtask_alone_is_the_task() -> None:
    results = {"custom|math_zs_cot:algebra|0": {"math_exact_match": 0.3}, "all": {"math_exact_match": 0.3}}

    assert measured("math", results) == {"exact_match": 0.3}


def test_an_average_without_an_error_takes_the_subtasks() -> None:
    results = with_subtasks("mmlu_zs_cot", "mmlu_accuracy")
    results["custom|mmlu_zs_cot:_average|0"] = results["all"] = {"mmlu_accuracy": 0.45}

    assert measured("mmlu", results) == pytest.approx({"accuracy": 0.45, "accuracy_stderr": 0.04})


def test_the_mean_of_everything_is_not_a_task_s_where_other_tasks_ran() -> None:
    results = {
        "custom|mmlu_zs_cot:anatomy|0": {"accuracy": 0.4},
        "custom|gpqa_zs_cot|0": {"accuracy": 0.2},
        "all": {"accuracy": 0.3},
    }

    assert measured("mmlu", results) == {"accuracy": 0.4}


@pytest.mark.parametrize("key", ["custom|bbh_zs_cot:navigate|0", "bbh_fs_cot:navigate|0", "custom|bbh|3"])
def test_a_task_is_known_by_any_strategy_and_suite(key: str) -> None:
    assert measured("bbh", {key: {"accuracy": 0.4}}) == {"accuracy": 0.4}


def test_a_task_is_not_one_whose_name_it_begins_with() -> None:
    assert measured("mmlu_pro", {"custom|mmlu_pro_zs_cot|0": {"accuracy": 0.4}}) == {"accuracy": 0.4}


def test_what_is_no_number_is_no_metric_of_an_average() -> None:
    results = with_subtasks("mmlu_zs_cot", "accuracy")
    results["custom|mmlu_zs_cot:first|0"] |= {"accuracy_stderr": float("nan")}
    results["custom|mmlu_zs_cot:_average|0"] = results["all"] = {"accuracy": 0.5, "accuracy_stderr": None}

    assert measured("mmlu", results) == {"accuracy": 0.5}


def test_metrics_of_a_reward_function_have_the_name_that_it_gave_them_too() -> None:
    values = {"lambda_reward_score": 0.5, "lambda_tone": 0.25, "lambda_tone_stderr": 0.1}

    assert measured("rft_eval", {"custom|rft_eval_rft_eval|0": values}) == {
        "lambda_reward_score": 0.5,
        "aggregate_reward_score": 0.5,
        "lambda_tone": 0.25,
        "tone": 0.25,
        "lambda_tone_stderr": 0.1,
        "tone_stderr": 0.1,
    }


@pytest.mark.parametrize("results", [{}, {"all": {"accuracy": 0.5}}, {"custom|chess_zs|0": {"accuracy": 1}}])
def test_results_of_no_known_task_are_none(results: dict[str, Any]) -> None:
    assert read_results(results) is None


def test_a_key_that_holds_no_numbers_is_a_task_without_metrics() -> None:
    assert measured("mmlu", {"custom|mmlu_zs_cot:anatomy|0": None}) == {}
