"""Check a request against botocore's own model of the operation, as strictly as the service would.

botocore's validator knows types, required members and lower bounds; clients leave patterns, enums and upper
bounds to the service. Both are checked here: a wrong field fails in the embedded cloud as it would on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from localcloud.common.service_error import ServiceError


def check(params: dict[str, Any], shape: StructureShape | None) -> None:
    """Raise ValidationException with every problem found."""
    if shape is None:
        return
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise ServiceError("ValidationException", report.generate_report())
    problems = list(_problems(params, shape, ""))
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise ServiceError("ValidationException", count + "; ".join(problems))


def _problems(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        if shape.is_document_type:  # free JSON, such as a tool's input schema
            return
        if shape.is_tagged_union and len(value) != 1:
            yield _problem(value, path or shape.name, f"Exactly one of {sorted(shape.members)} must be set")
        for name, member in value.items():
            yield from _problems(member, shape.members[name], f"{path}.{_lower_first(name)}".lstrip("."))
    elif isinstance(shape, ListShape):
        yield from _size_problems(len(value), shape, value, path)
        for index, member in enumerate(value, start=1):
            yield from _problems(member, shape.member, f"{path}.{index}.member")
    elif isinstance(shape, MapShape):
        yield from _size_problems(len(value), shape, value, path)
        for key, member in value.items():
            yield from _problems(key, shape.key, f"{path}.{key}.key")
            yield from _problems(member, shape.value, f"{path}.{key}")
    elif isinstance(shape, StringShape):
        yield from _size_problems(len(value), shape, value, path)
        if shape.enum and value not in shape.enum:
            yield _problem(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
        pattern = _compiled(shape.metadata.get("pattern", ""))
        if pattern and not pattern.fullmatch(value):
            yield _problem(value, path, f"Member must satisfy regular expression pattern: {pattern.pattern}")
    elif shape.type_name in ("integer", "long", "float", "double"):
        limits = shape.metadata
        if "max" in limits and value > limits["max"]:
            yield _problem(value, path, f"Member must have value less than or equal to {limits['max']}")


def _size_problems(size: int, shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Upper bounds; botocore has checked the lower ones."""
    if "max" in shape.metadata and size > shape.metadata["max"]:
        yield _problem(value, path, f"Member must have length less than or equal to {shape.metadata['max']}")


def _problem(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """None for no pattern, and for the few in a dialect Python's `re` does not read (\\p classes)."""
    try:
        return re.compile(pattern) if pattern else None
    except re.error:
        return None


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
