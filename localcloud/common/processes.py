"""What runs under a process id: ids are reused, so nothing is signalled by number alone."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path


def command_of(pid: int) -> str:
    """The command line of a process; empty when there is none, or only its zombie."""
    if Path("/proc/self/cmdline").exists():
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
                .strip()
            )
        except OSError:
            return ""
    listed = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607 - part of every macOS, which has no /proc
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout.strip()


def kill_group(pid: int, expected: str) -> bool:
    """Kill a process group of ours left over by an earlier server; False when the id is no longer ours."""
    if expected not in command_of(pid):
        return False
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
