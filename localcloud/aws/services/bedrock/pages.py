"""Filters, order and pages of Bedrock's List operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from botocore.utils import parse_to_aware_datetime

T = TypeVar("T")
DEFAULT_PAGE = 100


def page(
    found: Sequence[T], request: Mapping[str, Any], created: Callable[[T], float]
) -> tuple[list[T], str | None]:
    """One page of `found`, in the requested creation order, and the token of the next."""
    ordered = sorted(found, key=created, reverse=request.get("sortOrder", "Descending") == "Descending")
    first = int(request.get("nextToken", "0"))
    last = first + request.get("maxResults", DEFAULT_PAGE)
    return ordered[first:last], str(last) if last < len(ordered) else None


def is_within(created: float, after: Any, before: Any) -> bool:
    """Whether a creation time is between two optional timestamps of a request."""
    return (after is None or created > parse_to_aware_datetime(after).timestamp()) and (
        before is None or created < parse_to_aware_datetime(before).timestamp()
    )
