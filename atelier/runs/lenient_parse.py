"""Reading a part of a run file without the fields that are wrong in it: the others are checked too."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

_Part = TypeVar("_Part", bound=BaseModel)
_MOST_TRIES = 20
# Without these a part would ask for something else, and be told of problems that it does not have.
_DECISIVE = ("technique", "adaptation", "platform", "cluster", "recipe", "task")


def read_valid_fields(kind: type[_Part], item: object) -> _Part | None:
    """The part, with the defaults of the fields that are wrong; None where one of them decides the rest."""
    item = copy.deepcopy(item)
    for _ in range(_MOST_TRIES):
        try:
            return kind.model_validate(item)
        except ValidationError as error:
            locations = [detail["loc"] for detail in error.errors(include_url=False)]
        if not all(_drop(item, location) for location in locations):
            return None
    return None


def _drop(item: object, location: Sequence[int | str]) -> bool:
    """Remove what lies there, or that in which it is missing; False where the part is nothing without it."""
    if not location or difflib.get_close_matches(str(location[0]), _DECISIVE, n=1):
        return False
    holder: Any = item
    *parents, last = location
    for parent in parents:
        if not isinstance(holder, dict) or parent not in holder:
            return True
        holder = holder[parent]
    if isinstance(holder, dict) and last in holder:
        del holder[last]
        return True
    return bool(parents) and _drop(item, parents)
