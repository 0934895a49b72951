"""Limits of a hyperparameter's value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

Value = bool | int | float | str | list[Any] | dict[Any, Any] | None


class Bounds(BaseModel):
    """Limits of one value. Without limits, every value is allowed.

    Null is allowed unless there are `choices` without it. `less_than`, `at_most` and `divisible_by` name
    other hyperparameters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    choices: tuple[int | float | str | None, ...] = ()
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    multiple_of: int | None = None
    less_than: str | None = None
    at_most: str | None = None
    divisible_by: tuple[str, ...] = ()

    def allow(self, value: Any, others: Mapping[str, Any]) -> bool:
        """True when the value is within the limits; `others` has all hyperparameters by name."""
        if self.choices:
            return value in self.choices
        if value is None:
            return True
        return not (
            (self.minimum is not None and value < self.minimum)
            or (self.above is not None and value <= self.above)
            or (self.maximum is not None and value > self.maximum)
            or (self.multiple_of is not None and value % self.multiple_of)
            or (self.less_than is not None and value >= others[self.less_than])
            or (self.at_most is not None and value > others[self.at_most])
            or any(not others[name] or value % others[name] for name in self.divisible_by)
        )

    def __str__(self) -> str:
        if self.choices:
            return "one of " + ", ".join(
                "null" if choice is None else str(choice) or "''" for choice in self.choices
            )
        parts = [
            f"at least {self.minimum:.12g}" if self.minimum is not None else "",
            f"above {self.above:.12g}" if self.above is not None else "",
            f"at most {self.maximum:.12g}" if self.maximum is not None else "",
            f"a multiple of {self.multiple_of}" if self.multiple_of is not None else "",
            f"less than {self.less_than}" if self.less_than is not None else "",
            f"at most {self.at_most}" if self.at_most is not None else "",
            f"divisible by {', '.join(self.divisible_by)}" if self.divisible_by else "",
        ]
        return " and ".join(filter(None, parts))


class Dispute(Bounds):
    """Narrower limits that only some of AWS's sources state: a value outside them gets a warning."""

    note: str
