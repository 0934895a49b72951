"""Tools in OpenAI's shape: functions with a JSON Schema of their parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.rules.finding import Rule, Violation, shown
from atelier.datasets.shapes.fields import LIST, OBJECT, TEXT, VALUE_TYPE, Field, below, check_fields
from atelier.datasets.shapes.tools import TOOL_DESCRIBED, TOOL_NAMES_UNIQUE, check_naming

FUNCTION_TOOL = Rule(
    "function-tool",
    'A tool is of type "function", and its parameters are of type "object".',
    "Nova Forge RFTTool and RFTFunctionParameters",
)
FUNCTION_RULES = (FUNCTION_TOOL, TOOL_NAMES_UNIQUE, TOOL_DESCRIBED)

_TOOL = (Field("type", TEXT), Field("function", OBJECT))
_FUNCTION = (
    Field("name", TEXT, says=True),
    Field("description", TEXT, required=False),
    Field("parameters", OBJECT),
)
_PARAMETERS = (
    Field("type", TEXT),
    Field("properties", OBJECT),
    Field("required", LIST, required=False),
)


def check_functions(tools: list[Any], at: str) -> Iterator[Violation]:
    """Violations of a list of tools."""
    seen: set[str] = set()
    for index, tool in enumerate(tools):
        where = f"{at}[{index}]"
        if not isinstance(tool, dict):
            yield Violation(VALUE_TYPE, where, shown(tool), OBJECT.accepted)
            continue
        yield from check_fields(tool, _TOOL, where, extra=None)
        yield from _check_type(tool.get("type"), "function", below(where, "type"))
        if isinstance(tool.get("function"), dict):
            yield from _check_function(tool["function"], below(where, "function"), seen)


def _check_function(function: dict[str, Any], at: str, seen: set[str]) -> Iterator[Violation]:
    yield from check_fields(function, _FUNCTION, at, extra=None)
    yield from check_naming(function, at, seen)
    parameters = function.get("parameters")
    if isinstance(parameters, dict):
        where = below(at, "parameters")
        yield from check_fields(parameters, _PARAMETERS, where, extra=None)
        yield from _check_type(parameters.get("type"), "object", below(where, "type"))
        required = parameters.get("required")
        for index, name in enumerate(required if isinstance(required, list) else ()):
            if not isinstance(name, str):
                yield Violation(VALUE_TYPE, f"{where}.required[{index}]", shown(name), TEXT.accepted)


def _check_type(found: Any, accepted: str, at: str) -> Iterator[Violation]:
    if isinstance(found, str) and found != accepted:
        yield Violation(FUNCTION_TOOL, at, shown(found), accepted)
