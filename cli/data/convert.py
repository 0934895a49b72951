"""`atelier data convert`: rows of another layout become samples, all or none without --skip-bad."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path

import typer

from atelier.datasets.shapes.file_rules import ALL_OR_NONE
from atelier.datasets.transform.convert import Conversion, ConversionResult, Undetected, convert
from cli.console import err
from cli.data.findings import view
from cli.data.findings_file import written_to
from cli.data.output import STANDARD_OUTPUT, published
from cli.data.progress import progress
from cli.data.source import Source
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed


def convert_source(
    source: Source, to: str, conversion: Conversion, *, skip_bad: bool, findings: Path | None
) -> None:
    """Convert a dataset into the file `to`; exit without one after a refusal."""
    with ExitStack() as stack:
        sink = stack.enter_context(written_to(findings, source)) if findings else None
        out = stack.enter_context(published(to))
        with progress(source) as advance, source.open() as stream:
            try:
                result = convert(
                    stream, out.write, conversion, file=source.name, sink=sink, on_progress=advance
                )
            except Undetected as error:
                raise CommandFailed(f"{source.name}: {error}", ExitCode.INVALID) from error
        if not result.fits_together or (result.refused and not (skip_bad and result.written)):
            _print_refusal(result, to)
            raise typer.Exit(ExitCode.FAILED)
    _print_result(result, to, conversion)


def _print_result(result: ConversionResult, to: str, conversion: Conversion) -> None:
    """Print the result on standard error: standard output may be the dataset."""
    if result.refused:
        err.print(view(result.report), soft_wrap=True)
        err.print(f"left out: {_rows(result.refused)}", style="yellow")
    for column, count in sorted(result.left_out.items()):
        err.print(f"left out: column {column!r} of {_rows(count)}", style="yellow", markup=False)
    if result.contexts:
        err.print(f"placed before the question: column 'context' of {_rows(result.contexts)}", style="yellow")
    if result.one_answer:
        err.print(f"left out: the rejected answer of {_rows(result.one_answer)}", style="yellow")
    written = f"{result.source} → {conversion.target}: {_rows(result.written)}"
    err.print(written if to == STANDARD_OUTPUT else f"{written} in {to}", style="green", soft_wrap=True)


def _print_refusal(result: ConversionResult, to: str) -> None:
    err.print(view(result.report), soft_wrap=True)
    nothing = "nothing was written" if to == STANDARD_OUTPUT else f"{to} was not written"
    hints = []
    if result.refused and result.written:
        hints.append(f"--skip-bad leaves out the {_rows(result.refused)} that cannot be converted")
    if result.unplaced:
        drops = shlex.join(part for column in result.unplaced for part in ("--drop", column))
        hints.append(f"{drops} leaves out every column that has no place")
    if result.report.counts[ALL_OR_NONE.name]:
        hints.append("--system TEXT and --tools FILE give rows what others have")
    err.print("\n" + "; ".join([nothing, *hints]), style="red", soft_wrap=True, markup=False)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
