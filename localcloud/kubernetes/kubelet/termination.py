"""What a container says of its end, as `state.terminated.message`.

Source: kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

MESSAGE_BYTES = 2048


def message(container: Mapping[str, Any], root: Path, code: int, log: Path | None) -> str:
    """What it wrote to its termination log; else, if it failed and asks for that, the end of its output."""
    written = root / str(container["terminationMessagePath"]).lstrip("/")
    if written.is_file():
        return written.read_bytes()[-MESSAGE_BYTES:].decode(errors="replace")
    if code == 0 or container["terminationMessagePolicy"] != "FallbackToLogsOnError":
        return ""
    lines = log.read_bytes().splitlines(keepends=True) if log and log.exists() else []
    text = b"".join(line.partition(b" ")[2] for line in lines)
    return text[-MESSAGE_BYTES:].decode(errors="replace")
