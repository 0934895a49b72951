"""What decoding into types leaves open: which errors it has, and values that may be anything."""

from __future__ import annotations

from typing import Any

import msgspec

# What the decoder raises: its own errors, and those of UTF-8 and of nesting.
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

# The line reader refuses what is nested deeper than this and some levels around it.
MOST_LEVELS = 50


def is_shallow(value: Any) -> bool:
    """Whether a decoded value is nested so little that nothing which reads it will mind."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return True
    return False


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value
