"""The base of every row."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A row: unknown keys are refused, so that a typo in a data file fails at load time."""

    model_config = ConfigDict(frozen=True, extra="forbid")
