"""What a benchmark prints: ours, a reference measured in the same run, and their ratio."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Result:
    """One measurement. `promise` is the claim it has to keep, `kept` whether it does."""

    name: str
    unit: str
    ours: float
    reference: float
    better: Literal["lower", "higher"]
    promise: str
    kept: bool

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the reference."""
        return self.ours / self.reference

    def to_json(self) -> str:
        """One line for whoever collects results."""
        return json.dumps(
            {
                "name": self.name,
                "unit": self.unit,
                "ours": round(self.ours, 4),
                "reference": round(self.reference, 4),
                "ratio": round(self.ratio, 4),
                "better": self.better,
            }
        )
