"""The weights that a job starts from."""

from __future__ import annotations

from pathlib import Path

from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.model.checkpoint import Checkpoint, UnreadableCheckpoint


def load_model(folder: Path, what: str) -> Checkpoint:
    """The model in the folder; JobFailed names it as `what`, the key that names it."""
    try:
        return Checkpoint.load(folder)
    except UnreadableCheckpoint as error:
        raise JobFailed(f"{what}: {error}") from error


def base_model(path: str, folder: Path, key: str) -> Path:
    """The folder of a base model path such as atelier-tiny/prod, among those in `folder`."""
    known = {f"{model.name}/prod": model for model in folder.iterdir() if model.is_dir()}
    if path not in known:
        raise JobFailed(f"{key} must be one of {sorted(known)}, got {path!r}")
    return known[path]
