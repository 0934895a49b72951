"""Data mixing: Nova's own data in a stage's training data.

The customer's data has a share of the whole; the categories of Nova's data share the rest among themselves.
Source: sagemaker-train 1.27.0 data_mixing_utils.py; the rules, amzn-nova-forge 1.4.10 validator.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atelier.problems import Problem

_WHOLE = 100.0
_TOLERANCE = 0.01
# Categories that AWS has published for Nova 2 Lite. Subscribers have their own list: other names only warn.
_KNOWN: Mapping[str, frozenset[str]] = {
    "sft": frozenset(
        {
            *("agents", "baseline", "chat", "code", "factuality", "identity", "instruction-following"),
            *("long-context", "math", "planning", "rag", "rai", "stem", "translation"),
            *("reasoning-chat", "reasoning-code", "reasoning-factuality", "reasoning-instruction-following"),
            *("reasoning-math", "reasoning-planning", "reasoning-rag", "reasoning-rai", "reasoning-stem"),
            *("charts", "screenshots", "videos"),
        }
    ),
    "cpt": frozenset({"en-entertainment", "en-scientific"}),
}


def problems_of(customer: float, nova: Mapping[str, float], *, path: str) -> Iterator[Problem]:
    """Check that Nova's categories sum to 100, or to 0 when all data is the customer's."""
    total = sum(nova.values())
    expected = 0.0 if customer == _WHOLE else _WHOLE
    if abs(total - expected) > _TOLERANCE:
        message = f"must sum to {expected:g} with customer = {customer:g}, has {total:g}"
        yield Problem(f"{path}.nova", message, dict(nova))


def warnings(mixing: Mapping[str, Any], technique: str | None, *, path: str) -> Iterator[str]:
    """Warnings: unpublished categories, and the subscription that data mixing needs."""
    known = _KNOWN.get(technique or "", frozenset())
    for category in mixing["nova"]:
        if known and category not in known:
            yield (
                f"{path}.data_mixing.nova.{category}: not among the categories that AWS has published for "
                f"{technique}: {', '.join(sorted(known))}"
            )
    yield f"{path}.data_mixing: needs a subscription to Nova Forge"


def block(mixing: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's `data_mixing` block, without dataset_catalog, which AWS fills in."""
    nova = {category: {"percent": percent} for category, percent in mixing["nova"].items()}
    return {"sources": {"customer_data": {"percent": mixing["customer"]}, "nova_data": nova}}
