"""Platforms by name, imported when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from atelier.errors import UnsupportedCombination
from atelier.registry import PLATFORMS

if TYPE_CHECKING:
    from atelier.platforms.base import Platform


def platform_named(name: str) -> Platform:
    """The platform; UnsupportedCombination for one that is not registered."""
    if name not in PLATFORMS:
        raise UnsupportedCombination(f"platform = {name!r}: accepted: {', '.join(PLATFORMS)}")
    platform: Platform = import_module(PLATFORMS[name]).PLATFORM
    return platform


def is_job(kind: str) -> bool:
    """True for the kind of an operation that trains or evaluates."""
    return kind in PLATFORMS
