"""Hatch build hook: install the `atelier` command with an editable install only."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EditableScript(BuildHookInterface[Any]):
    """The script imports `cli`, which the checkout has and the wheel has not."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the script to an editable build."""
        if version == "editable":
            build_data["shared_scripts"][".build/atelier"] = "atelier"
