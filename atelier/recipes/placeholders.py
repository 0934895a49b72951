"""Placeholder values that come from the run file, besides hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from atelier.problems import Problem, nearest
from atelier.recipes.catalogue import Catalogue
from atelier.recipes.request import RecipeRequest
from atelier.recipes.rows import Key, RecipeRow
from atelier.recipes.tasks import Task

REWARD = "reward_lambda_arn"
_PRESET = "preset_reward_function"


def inputs_of(
    row: RecipeRow, keys: Sequence[Key], request: RecipeRequest, catalogue: Catalogue
) -> tuple[Mapping[str, Any], list[Problem]]:
    """Values by placeholder, and problems: missing values and values without a placeholder."""
    inputs = dict(request.inputs)
    problems = _reward_problems(row, keys, request)
    if request.task:
        task = catalogue.tasks[request.task]
        inputs |= task.fills
        problems += _subtask_problems(task, request)
    return inputs, problems


def _reward_problems(row: RecipeRow, keys: Sequence[Key], request: RecipeRequest) -> list[Problem]:
    path, arn = f"{request.path}.{REWARD}", request.inputs.get(REWARD)
    reward_keys = [key for key in keys if key.filled_with == REWARD]
    if arn and not reward_keys:
        return [Problem(path, f"{row.name} calls no reward function; leave it out", arn)]
    if not arn and any(not key.has_default for key in reward_keys):
        return [Problem(path, f"required: {row.name} calls this function to score each answer")]
    preset = next((key for key in keys if key.name == _PRESET), None)
    if not arn and preset and request.technique and not request.settings.get(_PRESET):
        known = ", ".join(str(choice) for choice in preset.bounds.choices if choice)
        message = f"required to score the answers, unless the hyperparameter {_PRESET} is set ({known})"
        return [Problem(path, message)]
    return []


def _subtask_problems(task: Task, request: RecipeRequest) -> list[Problem]:
    subtask = request.inputs.get("subtask")
    if subtask is None or subtask in task.subtasks:
        return []
    hint = nearest(subtask, task.subtasks) if task.subtasks else f"{task.name} has none; leave it out"
    return [Problem(f"{request.path}.subtask", hint, subtask)]
