"""Environments as frozen values, checked before anything is synthesised or deployed."""

from __future__ import annotations

import re

REGION = r"[a-z]{2}(-[a-z]+)+-\d"


class InvalidConfiguration(ValueError):
    """An environment or a `-c` value that cannot be deployed.

    The message has the field, its value and what would be accepted.
    """


def require(is_accepted: bool, owner: str, field: str, value: object, accepted: str) -> None:
    """Raise InvalidConfiguration with the field of `owner`, its value and what would be accepted."""
    if not is_accepted:
        raise InvalidConfiguration(f"{owner}: {field} must be {accepted}, got {value!r}")


def matches(pattern: str, *values: object) -> bool:
    """True when every one of `values` is a string that matches the whole pattern."""
    return all(isinstance(value, str) and re.fullmatch(pattern, value) for value in values)
