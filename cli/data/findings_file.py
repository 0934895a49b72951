"""Findings as lines of JSON, for tools and for those a terminal does not show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from atelier.datasets import Finding
from cli.data.output import STANDARD_OUTPUT
from cli.data.source import Source
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed

Sink = Callable[[Finding], None]


@contextmanager
def written_to(path: Path, source: Source) -> Iterator[Sink]:
    """A sink for findings on `source`; the file keeps them also after a failure."""
    with json_lines(path, source, option="--findings") as write:
        yield lambda finding: write(finding.to_json())


@contextmanager
def json_lines(path: Path, source: Source, *, option: str) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Takes objects, and writes each as a line of JSON at once.

    CommandFailed when nothing can be written there, or the dataset would be.
    """
    prefix = f"{option} = {str(path)!r}"
    if str(path) == STANDARD_OUTPUT:
        raise CommandFailed(f"{prefix}: findings are printed there; accepted: a file", ExitCode.INVALID)
    if source.path and path.exists() and path.samefile(source.path):
        raise CommandFailed(f"{prefix}: is the dataset itself; accepted: another file", ExitCode.INVALID)
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise CommandFailed(f"{prefix}: {error.strerror}", ExitCode.INVALID) from error
    with file:
        yield lambda document: print(json.dumps(document, ensure_ascii=False), file=file)
