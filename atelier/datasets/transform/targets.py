"""The formats that a dialogue can be written in: those whose definition can write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atelier.datasets.formats.registry import DEFINITIONS, Format
from atelier.datasets.shapes.dialogue import Dialogue

TARGETS: dict[Format, Callable[[Dialogue], dict[str, Any]]] = {
    format_: definition.write for format_, definition in DEFINITIONS.items() if definition.write
}


def write(dialogue: Dialogue, target: Format) -> dict[str, Any]:
    """The dialogue as a sample. Unconvertible names what the format has no place for."""
    return TARGETS[target](dialogue)
