"""Numbers in the log lines of Nova's training containers, in the form that AWS's own SDK looks for."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\b(?P<key>[a-z_]+)[=:]\s*(?P<value>-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?![\w.])")


def parse(line: str) -> dict[str, float] | None:
    """`{"global_step": 12.0, "reduced_train_loss": 0.43, …}` of a progress line; None for any other line."""
    values = {match["key"]: float(match["value"]) for match in _NUMBER.finditer(line)}
    return values if "global_step" in values else None
