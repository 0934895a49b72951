"""Label and field selectors, in the syntax of query parameters and of LabelSelector objects.

Source: kubernetes.io/docs/concepts/overview/working-with-objects/{labels,field-selectors}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.kubernetes.errors import bad_request
from localcloud.kubernetes.objects import Object, labels

Predicate = Callable[[Object], bool]
_SET = re.compile(r"(?P<key>[^\s!=(),]+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_EQUALITY = re.compile(r"(?P<key>[^\s!=(),]+)\s*(?P<operator>==|=|!=)\s*(?P<value>[^\s!=(),]*)")
_EXISTENCE = re.compile(r"(?P<not>!?)\s*(?P<key>[^\s!=(),]+)")
_COMMA_OUTSIDE_PARENTHESES = re.compile(r",(?![^(]*\))")


def by_labels(selector: str) -> Predicate:
    """What `labelSelector=` selects. BadRequest when it cannot be read."""
    requirements = [
        _requirement(part.strip()) for part in _COMMA_OUTSIDE_PARENTHESES.split(selector) if part.strip()
    ]
    return lambda obj: all(holds(labels(obj)) for holds in requirements)


def by_fields(selector: str) -> Predicate:
    """What `fieldSelector=` selects; every field of a document can be selected by, not only indexed ones."""
    requirements = [_field(part.strip()) for part in selector.split(",") if part.strip()]
    return lambda obj: all(holds(obj) for holds in requirements)


def matches_expression(expression: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    """Whether one `matchExpressions` entry of a label or node selector holds for these labels."""
    key, operator = expression["key"], expression["operator"]
    found, expected = values.get(key), expression.get("values") or []
    match operator:
        case "In":
            return found in expected
        case "NotIn":
            return found not in expected
        case "Exists":
            return found is not None
        case "DoesNotExist":
            return found is None
        case "Gt" | "Lt":
            try:
                difference = int(found or "") - int(expected[0])
            except (ValueError, IndexError):
                return False
            return difference > 0 if operator == "Gt" else difference < 0
        case _:
            return False


def _requirement(text: str) -> Callable[[Mapping[str, str]], bool]:
    if matched := _SET.fullmatch(text):
        key = matched["key"]
        values = {value.strip() for value in matched["values"].split(",")}
        expected = matched["operator"] == "in"
        return lambda found: (found.get(key) in values) is expected
    if matched := _EQUALITY.fullmatch(text):
        key, value = matched["key"], matched["value"]
        equal = matched["operator"] != "!="
        return lambda found: (found.get(key) == value) is equal
    if matched := _EXISTENCE.fullmatch(text):
        key = matched["key"]
        present = not matched["not"]
        return lambda found: (key in found) is present
    raise bad_request(f"unable to parse requirement: {text!r} is no label selector")


def _field(text: str) -> Predicate:
    matched = _EQUALITY.fullmatch(text)
    if matched is None:
        raise bad_request(
            f"invalid selector: {text!r}; can't understand a field selector without an operator"
        )
    path, value = matched["key"].split("."), matched["value"]
    equal = matched["operator"] != "!="
    return lambda obj: (_at(obj, path) == value) is equal


def _at(obj: Object, path: list[str]) -> str:
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)
