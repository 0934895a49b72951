"""How configuration says that it cannot be deployed."""

from __future__ import annotations


class InvalidConfiguration(ValueError):
    """An environment, or a `-c` value, that cannot be deployed; the message says what would be accepted."""


def require(holds: bool, message: str) -> None:
    if not holds:
        raise InvalidConfiguration(message)
