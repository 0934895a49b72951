"""A named requirement on a dataset. Every rule is a constant beside the code that checks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["refuse", "warn"]


@dataclass(frozen=True)
class Rule:
    """`name` is kebab-case and unique, `requirement` one sentence, `source` who says so."""

    name: str
    requirement: str
    source: str
    severity: Severity = "refuse"
