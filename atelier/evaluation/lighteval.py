"""Scores of one task out of the `results` of lighteval, which Nova's evaluation container is.

A key is `<suite>|<task>_<strategy>|<few shots>`. A task with subtasks has one key a subtask,
`custom|mmlu_zs_cot:anatomy|0`, one for their mean, `custom|mmlu_zs_cot:_average|0`, where more than one ran,
and lighteval writes the mean of all keys under `all`. A metric is called `accuracy` or `mmlu_accuracy`.
Sources: lighteval 0.10 logging/info_loggers.py; aws-samples/sample-Nova-lighteval-custom-task.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any

from atelier.recipes.catalogue import catalogue
from atelier.recipes.metrics import long_name
from atelier.recipes.tasks import Task

STDERR = "_stderr"
_AVERAGE = "_average"
_ALL = "all"
_LAMBDA = "lambda_"
_LAMBDA_NAMES = {"reward_score": "aggregate_reward_score"}


def read_results(results: Mapping[str, Any]) -> tuple[Task, dict[str, float]] | None:
    """The task and its finite numbers by long name; None without a key of a known task.

    Standard errors have their metric's name and `_stderr`. That of a mean is the mean of the subtasks', as
    lighteval writes it: no less than the error of the mean.
    """
    tasks = catalogue().tasks
    strategies = {task.strategy for task in tasks.values()}
    for task in tasks.values():
        names = {task.name, *(f"{task.name}_{strategy}" for strategy in strategies)}
        parts = {
            subtask: _numbers(results[key], task)
            for key in results
            if (subtask := _subtask(key, names)) is not None
        }
        if parts:
            is_alone = len(parts) + (_ALL in results) == len(results)
            return task, _aggregate(parts, _numbers(results.get(_ALL), task) if is_alone else {})
    return None


def _subtask(key: str, names: Iterable[str]) -> str | None:
    """The subtask that a key is about: "" for the task itself, None for another task."""
    for part in key.split("|"):
        name, _, subtask = part.partition(":")
        if name in names:
            return subtask
    return None


def _aggregate(parts: dict[str, dict[str, float]], overall: dict[str, float]) -> dict[str, float]:
    """The task's own numbers; else those of `_average`, then of `all`, then the subtasks' means."""
    if parts.get(""):
        return parts[""]
    average = parts.pop(_AVERAGE, {})
    names = dict.fromkeys(name for numbers in parts.values() for name in numbers)
    means = {
        name: fmean(numbers[name] for numbers in parts.values())
        for name in names
        if all(name in numbers for numbers in parts.values())
    }
    return means | overall | average


def _numbers(values: Any, task: Task) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, value in values.items() if isinstance(values, Mapping) else ():
        if isinstance(value, int | float) and math.isfinite(value):
            metric = name.removesuffix(STDERR)
            for known in _known_names(metric, task):
                numbers.setdefault(known + name[len(metric) :], float(value))
    return numbers


def _known_names(metric: str, task: Task) -> Iterable[str]:
    """What the catalogue and gate rules call a metric. A function's `<name>` comes as `lambda_<name>`."""
    own = long_name(metric.removeprefix(f"{task.name}_"))
    yield own if own in task.metrics else long_name(metric)
    if task.names_its_metrics and metric.startswith(_LAMBDA):
        name = metric.removeprefix(_LAMBDA)
        yield _LAMBDA_NAMES.get(name, name)
