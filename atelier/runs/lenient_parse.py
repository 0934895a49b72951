"""Read a part of a run file without its invalid fields, to check the others."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

_Part = TypeVar("_Part", bound=BaseModel)
_MOST_TRIES = 20
# Defaults for these fields would produce misleading errors.
_DECISIVE = ("technique", "adaptation", "platform", "cluster", "recipe", "task")


def read_valid_fields(kind: type[_Part], item: object) -> _Part | None:
    """The part with defaults for its invalid fields; None if a decisive field is invalid."""
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
    """Delete the invalid value or its parent; False if a decisive field is involved."""
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
