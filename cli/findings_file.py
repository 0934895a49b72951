"""Every finding as a line of JSON, for tools and for what a terminal does not show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from atelier.datasets import Finding
from cli.data_source import Source
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed

Sink = Callable[[Finding], None]


@contextmanager
def written_to(path: Path, source: Source) -> Iterator[Sink]:
    """Takes findings on `source`, and keeps what it got whatever happens next.

    CommandFailed when nothing can be written there, or the dataset would be.
    """
    option = f"--findings = {str(path)!r}"
    if source.path and path.exists() and path.samefile(source.path):
        raise CommandFailed(f"{option}: is the dataset itself; accepted: another file", ExitCode.INVALID)
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise CommandFailed(f"{option}: {error.strerror}", ExitCode.INVALID) from error
    with file:
        yield lambda finding: print(json.dumps(finding.to_json(), ensure_ascii=False), file=file)
