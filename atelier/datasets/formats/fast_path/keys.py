"""Which optional keys a decoded conversation has."""

from __future__ import annotations

from msgspec import UNSET


def keys_of(*, system: object, schema_version: object) -> tuple[str, ...]:
    """Names of the keys that are there, as traits call them."""
    keys = {"system": system, "schemaVersion": schema_version}
    return tuple(name for name, value in keys.items() if value is not UNSET)
