"""Shared by the fast paths: the errors of their decoders, and the optional keys of a conversation."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

# The decoder's own errors, and those of UTF-8 and of nesting.
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def keys_of(*, system: object, schema_version: object) -> tuple[str, ...]:
    """The optional keys that a decoded conversation has, as features name them."""
    keys = {"system": system, "schemaVersion": schema_version}
    return tuple(name for name, value in keys.items() if value is not UNSET)
