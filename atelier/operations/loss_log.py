"""Numbers in the log lines of Nova's training containers, in the form that AWS's own SDK looks for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

_STEP = "global_step"
_NUMBER = re.compile(r"\b(?P<key>[a-z_]+)[=:]\s*(?P<value>-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?![\w.])")
_NO_NUMBER = r"(?i:nan|[+-]?inf(?:inity)?)\b"


def parse(line: str) -> dict[str, float] | None:
    """`{"global_step": 12.0, "reduced_train_loss": 0.43, …}` of a progress line; None for any other line."""
    values = {match["key"]: float(match["value"]) for match in _NUMBER.finditer(line)}
    return values if _STEP in values else None


def validation_losses(lines: Iterable[str], keys: Sequence[str]) -> dict[int, float]:
    """The loss by step, under whichever of `keys` the log has it; infinite where the log says nan or inf.

    AWS's SDK knows the name of the step and of the training loss only; what Nova's containers call the
    validation loss is not documented. Of a step that several ranks log, the last value counts.
    """
    lost = re.compile(rf"\b(?:{'|'.join(map(re.escape, keys))})[=:]\s*{_NO_NUMBER}")
    losses: dict[int, float] = {}
    for line in lines:
        values = parse(line) or {}
        found = next((values[key] for key in keys if key in values), None)
        if found is None and values and lost.search(line):
            found = math.inf
        if found is not None:
            losses[int(values[_STEP])] = found
    return losses
