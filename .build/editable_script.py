"""Hatch build hook: install the `atelier` command with an editable install only."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EditableScript(BuildHookInterface[Any]):
    """Adds the script where the checkout, which holds the `cli` package, is on sys.path; a wheel holds `atelier` alone."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the script to an editable build."""
        if version == "editable":
            build_data["shared_scripts"][".build/atelier"] = "atelier"
