"""Follow a run until it is over: a live view on a terminal, a line per change elsewhere."""

from __future__ import annotations

from cli import rendering
from cli.console import err, out
from cli.exit_codes import ExitCode, of_status
from client.observe import Observer
from client.pipeline import PipelineClient
from client.progress import Progress, StepState, failure_of

_SHOWN = (StepState.RUNNING, StepState.DONE, StepState.FAILED)


def watch_run(pipeline: PipelineClient, run_id: str) -> ExitCode:
    """Show the run until it is over; returns its exit code. Ctrl-C leaves the run running and says so."""
    observer = pipeline.observer(run_id)
    try:
        last = _live(observer) if out.is_terminal else _log(observer)
    except KeyboardInterrupt:
        option = f"--env {pipeline.environment.name}"
        err.print(f"\n{run_id} goes on without you.", soft_wrap=True)
        err.print(f"  atelier watch {run_id} {option}\n  atelier stop {run_id} {option}", soft_wrap=True)
        return ExitCode.INTERRUPTED
    return of_status(last.execution.status)


def _live(observer: Observer) -> Progress:
    from rich.live import Live

    with Live(console=out, refresh_per_second=8) as live:
        for seen in observer.until_over():
            live.update(rendering.view(seen))
    return seen


def _log(observer: Observer) -> Progress:
    shown: dict[str, StepState] = {}
    for seen in observer.until_over():
        for step in seen.steps:
            if step.state in _SHOWN and shown.get(step.title) is not step.state:
                shown[step.title] = step.state
                out.print(rendering.line(step), markup=False, soft_wrap=True)
    execution = seen.execution
    out.print(
        f"{execution.run_id} {execution.status} after {rendering.duration(seen.seconds)}", soft_wrap=True
    )
    if failure_of(execution):
        out.print(failure_of(execution), markup=False, soft_wrap=True)
    return seen
