"""Parse numbers in the log lines of Nova's training containers, as AWS's own SDK does."""

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
    """The validation loss by step, from the first of `keys` in a line; infinite for nan and inf.

    AWS's SDK only has the names of the step and the training loss. The name of the validation loss in the
    logs of Nova's containers is not documented, hence several keys. If several ranks log a step, the last
    value counts.
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
