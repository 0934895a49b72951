"""Where a training that broke off goes on: its last snapshot, in a folder that all its ranks see.

A pod that is started again and a Slurm job that is requeued have the same recipe and the same data; a
snapshot of another training, left under the same name, is not taken up.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from localcloud.trainer.model.training import Snapshot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """The file of a training's last snapshot. `training` tells one training from another."""

    path: Path
    training: str

    @classmethod
    def of(cls, path: Path, inputs: Iterable[Path]) -> ResumePoint:
        """For the training that these files decide: its recipe, its data, its model."""
        digest = hashlib.sha256()
        for file in inputs:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return cls(path, digest.hexdigest())

    def save(self, snapshot: Snapshot) -> None:
        """Replace the last snapshot. A process may be killed while it writes: the file is whole or old."""
        arrays = {f"parameters/{name}": value for name, value in snapshot.parameters.items()}
        arrays |= {f"moments/{index}": leaf for index, leaf in enumerate(snapshot.moments)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        save_file(arrays, partial, {"step": str(snapshot.step), "training": self.training})
        partial.replace(self.path)

    def load(self) -> Snapshot | None:
        """None where this training has left none."""
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="numpy") as file:
                described = file.metadata()
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        except (OSError, SafetensorError) as error:
            log.warning("%s cannot be read, the training begins anew: %s", self.path, error)
            return None
        if described["training"] != self.training:
            log.warning("%s is of another training; this one begins anew", self.path)
            return None
        parameters = {
            name.removeprefix("parameters/"): value
            for name, value in arrays.items()
            if name.startswith("parameters/")
        }
        moments = [arrays[f"moments/{index}"] for index in range(len(arrays) - len(parameters))]
        return Snapshot(int(described["step"]), parameters, moments)
