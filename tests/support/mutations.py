"""Rows with something changed anywhere in them, as Hypothesis draws it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]

JUNK: tuple[Any, ...] = (
    *(
        None,
        True,
        7,
        1.5,
        "",
        " ",
        "x",
        "User: x",
        "user",
        "assistant",
        "system",
        "developer",
        "c1",
        [],
        {},
        [[]],
        [{}],
    ),
    *({"text": "x"}, {"text": ""}, {"json": {}}, {"text": "x", "json": {}}, {"text": None}, {"type": "text"}),
)
KEYS = ("text", "json", "role", "content", "name", "toolUseId", "system", "id", "more")


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Where there is a value in a row, at any depth."""
    yield at
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*at, key))


def at(row: Any, path: Iterable[str | int]) -> Any:
    """The value at a path."""
    for key in path:
        row = row[key]
    return row


@st.composite
def mutated(draw: st.DrawFn, rows: st.SearchStrategy[Any], most: int = 3) -> Any:
    """A row with up to `most` changes."""
    row = copy.deepcopy(draw(rows))
    for _ in range(draw(st.integers(0, most))):
        places = [path for path in paths(row) if path]
        if places:
            _change(draw, row, draw(st.sampled_from(places)))
    return row


def _change(draw: st.DrawFn, row: Any, path: Path) -> None:
    parent: Any = at(row, path[:-1])
    key: Any = path[-1]
    match draw(st.sampled_from(["replace", "remove", "repeat", "add", "swap"])):
        case "replace":
            parent[key] = copy.deepcopy(draw(st.sampled_from(JUNK)))
        case "remove":
            del parent[key]
        case "repeat" if isinstance(parent, list):
            parent.insert(draw(st.integers(0, len(parent))), copy.deepcopy(parent[key]))
        case "swap" if isinstance(parent, list):
            other = draw(st.integers(0, len(parent) - 1))
            parent[key], parent[other] = parent[other], parent[key]
        case _:
            held = parent[key]
            if isinstance(held, dict):
                held[draw(st.sampled_from(KEYS))] = copy.deepcopy(draw(st.sampled_from(JUNK)))
