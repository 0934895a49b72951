"""The base class of catalogue rows."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable row. Unknown keys are refused, so a typo in a data file fails at load time."""

    model_config = ConfigDict(frozen=True, extra="forbid")
