"""Files that say what a rendering should be, and are rewritten only when somebody asks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

REFRESH = "ATELIER_REFRESH_GOLDEN"


def assert_golden(file: Path, document: Any) -> None:
    """`document` is what `file` holds. After a wanted change, ATELIER_REFRESH_GOLDEN=1 and read the diff."""
    assert_golden_text(file, json.dumps(document, indent=2, sort_keys=True) + "\n")


def assert_golden_text(file: Path, rendered: str) -> None:
    """`rendered` is what `file` holds."""
    if os.environ.get(REFRESH):
        file.parent.mkdir(exist_ok=True)
        file.write_text(rendered)
    assert rendered == file.read_text(), f"{file.name} is not what is rendered; {REFRESH}=1 rewrites it"
