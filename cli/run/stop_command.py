"""`atelier stop`."""

from __future__ import annotations

from cli.options import EnvironmentName, RunId


def stop(run: RunId, environment: EnvironmentName = "local") -> None:
    """Stop a run: its job is stopped, what it made is deleted, and it ends as FAILED with RunStopped."""
    from cli.console import out
    from client.connection import connect

    pipeline = connect(environment)
    run_id = pipeline.run_id(run)
    pipeline.stop(run_id)
    out.print(
        f"{run_id} is stopping; to see it end: atelier watch {run_id} --env {environment}", soft_wrap=True
    )
