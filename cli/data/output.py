"""Where a transform writes: a file that appears whole or not at all, or standard output."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from cli.exit_codes import ExitCode
from cli.failure import CommandFailed

STANDARD_OUTPUT = "-"


@contextmanager
def published(name: str, *, option: str = "--out") -> Iterator[BinaryIO]:
    """A stream for a file that is published after the block, unless an error ends it.

    CommandFailed when nothing can be written there.
    """
    if name == STANDARD_OUTPUT:
        with TemporaryFile() as spool:
            yield spool
            spool.seek(0)
            shutil.copyfileobj(spool, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        return
    path = Path(name)
    if path.exists() and not path.is_file():
        raise CommandFailed(f"{option} = {name!r}: is there and is not a file", ExitCode.INVALID)
    part = path.with_name(f".{path.name}.part")
    try:
        file = part.open("wb")
    except OSError as error:
        raise CommandFailed(f"{option} = {name!r}: {error.strerror}", ExitCode.INVALID) from error
    try:
        with file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
