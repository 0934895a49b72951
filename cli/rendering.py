"""The progress view: one line a step, with the loss as a sparkline while a job trains."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.exit_codes import ExitCode, of_status
from client.progress import JobView, Progress, Step, StepState, failure_of

_MARKS = {
    StepState.PENDING: ("·", "dim"),
    StepState.RUNNING: ("▸", "cyan"),
    StepState.DONE: ("✓", "green"),
    StepState.FAILED: ("✗", "red"),
    StepState.SKIPPED: ("-", "dim"),
}
_BARS = "▁▂▃▄▅▆▇█"
_SPARKLINE_WIDTH = 32
_STYLES = {ExitCode.OK: "bold green", ExitCode.NOT_PROMOTED: "bold yellow", ExitCode.FAILED: "bold red"}


def view(progress: Progress) -> RenderableType:
    """The whole view of a run."""
    execution = progress.execution
    head = Text.assemble(
        (execution.run_id, "bold"),
        f"  {duration(progress.seconds)}  ",
        status(execution.status) if execution.is_over else ("running", "cyan"),
    )
    table = Table.grid(padding=(0, 2))
    for step in progress.steps:
        table.add_row(*_row(step))
    parts: list[RenderableType] = [head, table]
    if progress.waiting_for:
        parts.append(Text(f"waiting for {progress.waiting_for}", style="dim"))
    if failure_of(execution):
        parts.append(Text(failure_of(execution), style="red"))
    return Group(*parts)


def line(step: Step) -> str:
    """One step as one line of a log, for output that is not a terminal."""
    parts = [
        f"{step.state.value:8}",
        step.title,
        "" if step.seconds is None else duration(step.seconds),
        _figures(step.job),
    ]
    return "  ".join(part for part in parts if part)


def status(word: str) -> Text:
    """A run's status in its colour."""
    return Text(word, style=_STYLES[of_status(word)])


def duration(seconds: float) -> str:
    """Seconds as a person reads them: `8 s`, `3 min 20 s`, `26 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"


def sparkline(values: Sequence[float], width: int = _SPARKLINE_WIDTH) -> str:
    """The values as bars of eight heights, averaged down to at most `width` bars."""
    if not values:
        return ""
    count = min(width, len(values))
    edges = [index * len(values) // count for index in range(count + 1)]
    means = [sum(values[start:end]) / (end - start) for start, end in pairwise(edges)]
    low, high = min(means), max(means)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((mean - low) * scale)] for mean in means)


def _row(step: Step) -> tuple[Text, Text, Text, Text]:
    mark, style = _MARKS[step.state]
    faded = "dim" if step.state in (StepState.PENDING, StepState.SKIPPED) else ""
    seconds = "" if step.seconds is None else duration(step.seconds)
    detail = step.job.detail if step.state is StepState.RUNNING else ""
    shown = "  ".join(filter(None, (detail, _figures(step.job), sparkline(step.job.losses))))
    return Text(mark, style=style), Text(step.title, style=faded), Text(seconds, justify="right"), Text(shown)


def _figures(job: JobView) -> str:
    figures = job.figures or {}
    shown = [f"step {figures['global_step']:.0f}"] if "global_step" in figures else []
    for key, word in _FIGURES.items():
        if key in figures:
            shown.append(f"{word} {figures[key]:.3g}")
    return "  ".join(shown)


_FIGURES = {
    "reduced_train_loss": "loss",
    "val_loss": "validation loss",
    "reward_accuracy": "reward accuracy",
    "reward_margin": "reward margin",
}
