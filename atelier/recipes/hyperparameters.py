"""Merge a run file's hyperparameters into a recipe's values, within the catalogue's bounds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atelier.problems import Problem, nearest
from atelier.recipes.rows import Key, RecipeRow

_WRONG_TYPE = object()


@dataclass(frozen=True)
class Merged:
    """Values by document path, settings by name; problems and warnings by field of the run file."""

    values: Mapping[str, Any]
    settings: Mapping[str, Any]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def merge(
    row: RecipeRow, keys: Sequence[Key], instance_type: str | None, settings: Mapping[str, Any], *, path: str
) -> Merged:
    """The defaults of the row and its template, overridden by valid `settings` (by name)."""
    named = {key.name: key for key in keys if key.name}
    problems = [
        Problem(f"{path}.{name}", f"unknown; {_suggestion(name, keys)}", settings[name])
        for name in settings
        if name not in named
    ]
    chosen: dict[str, Any] = {}
    for name, key in named.items():
        value = _typed(key, settings[name]) if name in settings else row.default_of(key)
        if value is _WRONG_TYPE:
            problems.append(Problem(f"{path}.{name}", f"must be {_TYPE_NAMES[key.type]}", settings[name]))
            value = row.default_of(key)
        chosen[name] = value
    for name, key in named.items():
        if key.same_as and name not in settings and name not in row.defaults:
            chosen[name] = chosen[key.same_as]
    warnings = []
    for name, key in named.items():
        bounds, dispute = row.bounds_of(key, instance_type), row.dispute_of(key)
        if not bounds.allow(chosen[name], chosen):
            origin = "" if name in settings else " (the default)"
            place = f" on {instance_type}" if instance_type else ""
            message = f"must be {bounds}{origin} in {row.name}{place}"
            problems.append(Problem(f"{path}.{name}", message, chosen[name]))
        elif dispute and not dispute.allow(chosen[name], chosen):
            warnings.append(f"{path}.{name} = {chosen[name]!r}: accepted, although {dispute.note}")
    values = {key.path: _value(key, row, chosen) for key in keys if not key.filled_with}
    known = {name: chosen[name] for name in settings if name in chosen}
    return Merged(values, known, tuple(problems), tuple(warnings))


def as_text(value: Any) -> str:
    """A value as text, for readers of text only: `1`, `true`, `1e-05`."""
    return value if isinstance(value, str) else json.dumps(value)


_TYPE_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    None: "a value",
}


def _suggestion(name: str, keys: Sequence[Key]) -> str:
    """The setting of this name in AWS's recipe file, else the nearest name."""
    same = [key for key in keys if key.path.rpartition(".")[2] == name]
    setting = next((key.name for key in same if key.name), None)
    if setting:
        return f"the run file's name for the recipe's {name} is {setting!r}"
    if same:
        return f"{same[0].path} cannot be set in a run file; leave it out"
    return nearest(name, [key.name for key in keys if key.name])


def _value(key: Key, row: RecipeRow, chosen: Mapping[str, Any]) -> Any:
    source = key.name or key.same_as
    value = chosen[source] if source else row.default_of(key)
    return as_text(value) if key.as_text else value


def _typed(key: Key, value: Any) -> Any:
    """The value in the key's type. A float may arrive as text: YAML 1.1 reads `1e-5` as a string."""
    if value is None:
        return None if key.is_nullable else _WRONG_TYPE
    if key.type == "float":
        return _number(value)
    expected: dict[str | None, type] = {"int": int, "bool": bool, "str": str}
    if isinstance(value, float) and key.type == "int" and value.is_integer():
        return int(value)
    fits = isinstance(value, expected[key.type]) and (key.type == "bool" or not isinstance(value, bool))
    return value if fits else _WRONG_TYPE


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        return _WRONG_TYPE
    try:
        number = float(value)
    except (ValueError, OverflowError, TypeError):
        return _WRONG_TYPE
    return number if math.isfinite(number) else _WRONG_TYPE
