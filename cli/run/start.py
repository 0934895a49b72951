"""Start a run from its file, and say how to finish a start that was interrupted."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cli.exit_codes import ExitCode
from cli.failure import CommandFailed
from client.pipeline import PipelineClient


@dataclass(frozen=True)
class Started:
    """A run that was started. `is_new` is False when the same start was made before."""

    run_id: str
    is_new: bool
    warnings: tuple[str, ...]


def start_run(pipeline: PipelineClient, file: Path, *, now: datetime, run_id: str | None = None) -> Started:
    """Check the run file, upload its local datasets and start the run."""
    prepared = pipeline.prepare(file, now=now, run_id=run_id)
    try:
        is_new = prepared.start()
    except KeyboardInterrupt as interrupt:
        # Step Functions may or may not know the run: the same id makes a repetition harmless.
        option = f"--run-id {prepared.run_id} --env {pipeline.environment.name}"
        raise CommandFailed(
            f"interrupted while {prepared.run_id} was starting; to finish the start, or to find the run:\n"
            f"  atelier run {shlex.quote(str(file))} {option}",
            ExitCode.INTERRUPTED,
        ) from interrupt
    return Started(prepared.run_id, is_new, prepared.warnings)
