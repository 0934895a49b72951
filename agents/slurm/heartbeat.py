"""That the agent is at work, which program it is, and whether its Slurm answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any


def heartbeat(*, now: Callable[[], float], slurm_answers: bool, jobs: int) -> dict[str, Any]:
    """The heartbeat's object; `jobs` have not ended."""
    return {
        "at": datetime.fromtimestamp(now(), timezone.utc).isoformat(timespec="seconds"),
        "version": version(),
        "slurm": "up" if slurm_answers else "down",
        "jobs": jobs,
    }


@lru_cache
def version() -> str:
    """A hash of the agent's own source, which tells what a node really runs."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
