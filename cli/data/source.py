"""Where a dataset is read from: a path, an object in S3 or standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from atelier.errors import AccessRefused
from atelier.storage import Objects
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed

STANDARD_INPUT = "-"
_REMOTE = "s3://"


@dataclass(frozen=True)
class Source:
    """A readable dataset: its name in messages, its size if known, and its opener."""

    name: str
    size: int | None
    open: Callable[[], BinaryIO]
    path: Path | None = None


def source_of(name: str, environment: str) -> Source:
    """The source that FILE names. CommandFailed when it cannot be read."""
    if name == STANDARD_INPUT:
        return Source("standard input", None, lambda: sys.stdin.buffer)
    if name.startswith(_REMOTE):
        return _object(name, environment)
    path = Path(name)
    if not name.strip():
        raise _unreadable(name, "accepted: a file, s3://bucket/key or -")
    try:
        with path.open("rb"):
            return Source(
                name, path.stat().st_size if path.is_file() else None, lambda: path.open("rb"), path
            )
    except OSError as error:
        raise _unreadable(name, str(error.strerror)) from error
    except ValueError as error:
        raise _unreadable(name, str(error)) from error


def objects_of(environment: str) -> Objects:
    """The objects that an environment's credentials reach."""
    from client.connection import clients
    from config.environments import environment_named
    from lambdas.adapters.s3_objects import S3Objects

    return S3Objects(s3=clients(environment_named(environment))("s3"))


def _object(uri: str, environment: str) -> Source:
    objects = objects_of(environment)
    try:
        return Source(uri, objects.stat(uri).size, lambda: objects.open(uri))
    except FileNotFoundError as error:
        raise _unreadable(uri, "no such object") from error
    except (ValueError, AccessRefused) as error:
        raise _unreadable(uri, str(error)) from error


def _unreadable(name: str, reason: str) -> CommandFailed:
    return CommandFailed(f"FILE = {name!r}: {reason}", ExitCode.INVALID)
