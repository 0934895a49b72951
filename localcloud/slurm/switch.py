"""Whether clusters get Slurm, and what came of it: files that both sides of the embedded cloud read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.home import Home


@dataclass(frozen=True)
class Switch:
    """On once `atelier up --with-slurm` was asked for, until the home is removed."""

    home: Home

    @property
    def is_on(self) -> bool:
        return self._switch.exists()

    def turn_on(self) -> None:
        self.home.slurm.mkdir(parents=True, exist_ok=True)
        self._switch.touch()

    def report(self, nodes: Mapping[str, int]) -> None:
        """The server: which clusters have Slurm, and on how many nodes."""
        self.home.slurm.mkdir(parents=True, exist_ok=True)
        written = self._report.with_suffix(".new")
        written.write_text(json.dumps(dict(nodes)))
        written.replace(self._report)

    def reported(self) -> dict[str, int]:
        """Nodes by the cluster's name; empty when none has Slurm."""
        try:
            found: dict[str, int] = json.loads(self._report.read_text())
        except FileNotFoundError:
            return {}
        return found

    @property
    def _switch(self) -> Path:
        return self.home.slurm / "on"

    @property
    def _report(self) -> Path:
        return self.home.slurm / "clusters.json"
