"""Whether clusters get Slurm, and what came of it: files that both sides of the embedded cloud read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.common.files import replace_text
from localcloud.common.home import Home
from localcloud.slurm.installation import find


@dataclass(frozen=True)
class SlurmSetting:
    """On after `atelier up --with-slurm`, until the home is removed."""

    home: Home

    @property
    def is_on(self) -> bool:
        return self._switch.exists()

    def enable(self) -> None:
        """SlurmMissing where Slurm is not installed."""
        find()
        self.home.slurm.mkdir(parents=True, exist_ok=True)
        self._switch.touch()

    def report(self, clusters: Mapping[str, str]) -> None:
        """The server: how Slurm is on each cluster."""
        self.home.slurm.mkdir(parents=True, exist_ok=True)
        replace_text(self._report, json.dumps(dict(clusters)))

    def reported(self) -> dict[str, str]:
        """The server's last report, by the cluster's name."""
        try:
            found: dict[str, str] = json.loads(self._report.read_text())
        except FileNotFoundError:
            return {}
        return found

    @property
    def _switch(self) -> Path:
        return self.home.slurm / "on"

    @property
    def _report(self) -> Path:
        return self.home.slurm / "clusters.json"
