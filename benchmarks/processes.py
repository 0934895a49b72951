"""Processes of their own for what is measured; one that fails says why."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


class ProcessFailed(RuntimeError):
    """A process ended with an error; the message holds what it wrote to standard error."""


def output_of(
    command: Sequence[str],
    *,
    stdin: str = "",
    environ: Mapping[str, str] | None = None,
    timeout_seconds: float | None = None,
) -> str:
    """Standard output of a command run at the repository's root; ProcessFailed when it fails."""
    done = subprocess.run(
        command,
        input=stdin,
        cwd=REPOSITORY,
        env={**os.environ, **(environ or {})},
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
    )
    if done.returncode:
        raise ProcessFailed(f"{Path(command[0]).name} ended with {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout
