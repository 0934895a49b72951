"""The folder in which Atelier keeps what it makes on this machine."""

from __future__ import annotations

import os
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[1]


def home() -> Path:
    """The folder named by ATELIER_HOME, else `.atelier` in the repository."""
    return Path(os.environ.get("ATELIER_HOME") or _REPOSITORY / ".atelier").resolve()
