"""Questions about one rendered template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any


class Resources:
    """One template's resources by logical id without its hash, and what each must wait for."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._all: Mapping[str, Mapping[str, Any]] = template["Resources"]

    def named(self, name: str) -> Mapping[str, Any]:
        (found,) = (
            resource for logical_id, resource in self._all.items() if _without_hash(logical_id) == name
        )
        return found

    def of_type(self, type_name: str) -> dict[str, Mapping[str, Any]]:
        return {
            _without_hash(logical_id): resource["Properties"]
            for logical_id, resource in self._all.items()
            if resource["Type"] == type_name
        }

    def before(self, name: str) -> set[str]:
        """Everything that stands before the resource is begun, directly or not."""
        waiting = [logical_id for logical_id in self._all if _without_hash(logical_id) == name]
        seen: set[str] = set()
        while waiting:
            for earlier in references(self._all[waiting.pop()]):
                if earlier in self._all and earlier not in seen:
                    seen.add(earlier)
                    waiting.append(earlier)
        return {_without_hash(logical_id) for logical_id in seen}


def _without_hash(logical_id: str) -> str:
    return re.sub("[0-9A-F]{8}$", "", logical_id)


def references(value: Any) -> Iterator[str]:
    """Logical ids that a value of a template refers to, or depends on."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": _}:
            raise AssertionError("a reference inside Fn::Sub would be overlooked")
        case dict():
            yield from [value["DependsOn"]] if isinstance(value.get("DependsOn"), str) else []
            yield from value["DependsOn"] if isinstance(value.get("DependsOn"), list) else []
            for part in value.values():
                yield from references(part)
        case list():
            for part in value:
                yield from references(part)
