"""Exit codes of `atelier`, for scripts."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1
    INVALID = 2
    NOT_PROMOTED = 3
    UNREACHABLE = 4
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "done; for a run: PROMOTED or ACCEPTED",
    ExitCode.FAILED: "the run FAILED, or the command did",
    ExitCode.INVALID: "wrong usage, or an input that is refused",
    ExitCode.NOT_PROMOTED: "the run was REJECTED, ROLLED_BACK or SUPERSEDED",
    ExitCode.UNREACHABLE: "no embedded cloud, no deployed stack, no valid credentials, or no such run",
    ExitCode.INTERRUPTED: "interrupted; a run that was started goes on",
}

_BY_STATUS = {
    "PROMOTED": ExitCode.OK,
    "ACCEPTED": ExitCode.OK,
    "REJECTED": ExitCode.NOT_PROMOTED,
    "ROLLED_BACK": ExitCode.NOT_PROMOTED,
    "SUPERSEDED": ExitCode.NOT_PROMOTED,
}


def of_status(status: str) -> ExitCode:
    """Exit code of a run that ended with `status`."""
    return _BY_STATUS.get(status, ExitCode.FAILED)
