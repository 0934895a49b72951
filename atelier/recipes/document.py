"""The recipe document: keys in the order of AWS's files, filled in and written as YAML.

YAML 1.1 reads `1e-5` as text and YAML 1.2 as a number, so numbers are written as `1.0e-05` and such texts in
quotes. `null` is no value, while `"null"` is the text with which Nova 2 recipes switch LoRA off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

_PAIRS = "pairs"
_NUMBER = re.compile(r"[-+]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][-+]?\d+)?|0o[0-7]+|0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Entry:
    """One key of a document, by dotted path.

    `filled_with` names the placeholder whose value the job supplies. Without that value the key has `value`,
    unless `is_required`.
    """

    path: str
    value: Any = None
    filled_with: str | None = None
    is_required: bool = False

    def to_json(self) -> dict[str, Any]:
        """The form stored in a plan. Mappings become pairs: recipes have number keys, JSON only text keys."""
        return {**asdict(self), "value": _to_json(self.value)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Entry:
        """The entry that `to_json` wrote."""
        return cls(**{**data, "value": _from_json(data["value"])})


def _to_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_PAIRS: [[key, _to_json(item)] for key, item in value.items()]}
    return [_to_json(item) for item in value] if isinstance(value, list | tuple) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _from_json(item) for key, item in value[_PAIRS]}
    return [_from_json(item) for item in value] if isinstance(value, list) else value


def fill(
    entries: Iterable[Entry],
    filled: Mapping[str, Any],
    *,
    data_mixing: Mapping[str, Any] | None = None,
    recipe: str,
) -> dict[str, Any]:
    """The document as nested mappings, in the order of its entries.

    `filled` has values by placeholder; `data_mixing` is the block of that name. ValueError when a required
    value of `recipe` is missing.
    """
    root: dict[str, Any] = {}
    for entry in entries:
        *parents, leaf = entry.path.split(".")
        block = root
        for parent in parents:
            block = block.setdefault(parent, {})
        block[leaf] = _value(entry, filled, recipe)
    if data_mixing is not None:
        root["data_mixing"] = dict(data_mixing)
    return root


def _value(entry: Entry, filled: Mapping[str, Any], recipe: str) -> Any:
    if entry.filled_with is not None and entry.filled_with in filled:
        return filled[entry.filled_with]
    if entry.is_required:
        raise ValueError(f"{recipe}: {entry.path} has no value; supply {entry.filled_with!r}")
    return entry.value


def dump(content: dict[str, Any]) -> str:
    """YAML that YAML 1.1 and 1.2 readers understand alike."""
    import yaml

    return str(yaml.dump(content, Dumper=_dumper(), sort_keys=False, default_flow_style=False, width=1 << 20))


@cache
def _dumper() -> Any:
    """PyYAML's safe dumper without anchors, created on first use: readers need not import PyYAML."""
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        def ignore_aliases(self, _data: object) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        style = "'" if _NUMBER.fullmatch(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return Dumper
