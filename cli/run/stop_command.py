"""`atelier stop`."""

from __future__ import annotations

from cli.options import EnvironmentName, RunId


def stop(run: RunId, environment: EnvironmentName = "local") -> None:
    """Stop a run: its job is stopped, what it made is deleted, and it ends as FAILED with RunStopped."""
    from cli.console import out
    from cli.failure import CommandFailed
    from client.connection import connect

    line = connect(environment)
    run_id = line.run_id(run)
    execution = line.executions.get(run_id)
    if execution.is_over:
        raise CommandFailed(f"{run_id} is over: {execution.status}")
    line.operations.request_stop(run_id)
    line.reconcile_now(run_id)
    out.print(
        f"{run_id} is asked to stop; see it end: atelier watch {run_id} --env {environment}", soft_wrap=True
    )
