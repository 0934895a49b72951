"""The identity of a row: its content, without differences that have no meaning.

Two rows are the same when they hold the same, whatever the layout: pictures, tools, labels, rewards and
columns that nothing here knows count as much as texts.
"""

from __future__ import annotations

import json
from collections.abc import Set
from typing import Any

from atelier.datasets.leakage.similarity import normalised
from atelier.datasets.transform.row_content import json_text

_IDS = ("toolUseId", "tool_call_id")
# A tool's arguments and its result: `row_content` gives them as text.
_SAID_AS_JSON = ("input", "arguments", "json")


def identity(row: dict[str, Any], leaving_out: Set[str] = frozenset()) -> str:
    """The row as text, the same for rows that hold the same.

    Case, spaces and the order of keys do not count; nor does the row's own id, nor how calls are named: only
    which result belongs to which call. Texts that are in `leaving_out` count by their place alone.
    """
    named: dict[str, int] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return "" if value in leaving_out else normalised(value)
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, dict):
            return {key: kept(key, held, value) for key, held in sorted(value.items())}
        return value

    def kept(key: str, value: Any, holder: dict[str, Any]) -> Any:
        if isinstance(value, str) and (key in _IDS or (key == "id" and "function" in holder)):
            return named.setdefault(value, len(named))
        if leaving_out and key in _SAID_AS_JSON and json_text(value) in leaving_out:
            return ""
        return plain(value)

    held = plain({key: value for key, value in row.items() if key != "id"})
    return json.dumps(held, ensure_ascii=False, sort_keys=True)
