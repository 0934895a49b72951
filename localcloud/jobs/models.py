"""The weights that a job finds in a folder."""

from __future__ import annotations

from pathlib import Path

from localcloud.jobs.failures import JobFailed
from localcloud.model.checkpoint import Checkpoint, UnreadableCheckpoint


def load_model(folder: Path, what: str) -> Checkpoint:
    """The model in the folder; JobFailed names it as `what`, the key that asked for it."""
    try:
        return Checkpoint.load(folder)
    except UnreadableCheckpoint as error:
        raise JobFailed(f"{what}: {error}") from error
