"""Resource quantities such as 500m, 16Gi or 8, as exact numbers.

Source: kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity.
"""

from __future__ import annotations

import re
from decimal import Decimal

_QUANTITY = re.compile(
    r"(?P<number>[+-]?\d+(\.\d*)?|[+-]?\.\d+)(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?"
)
_FACTORS = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{letter: Decimal(1000) ** (power + 1) for power, letter in enumerate("kMGTPE")},
    **{f"{letter}i": Decimal(1024) ** (power + 1) for power, letter in enumerate("KMGTPE")},
}


def quantity(text: str | int | float) -> Decimal:
    """The value of a quantity. ValueError says what a quantity is."""
    matched = _QUANTITY.fullmatch(str(text))
    if matched is None:
        raise ValueError(f"{text!r} is no quantity: a number with one of the suffixes {' '.join(_FACTORS)}")
    suffix = matched["suffix"] or ""
    if suffix and suffix not in _FACTORS:
        return Decimal(matched["number"] + suffix)
    return Decimal(matched["number"]) * _FACTORS.get(suffix, Decimal(1))
