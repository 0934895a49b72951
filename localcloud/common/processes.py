"""Processes by id: ids are reused, so nothing is signalled by number alone."""

from __future__ import annotations

import os
import signal

import psutil


def command_of(pid: int) -> str:
    """The command line of a process; empty when there is none, or only its zombie."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def start_of(pid: int) -> float:
    """When a process began, in seconds since 1970; 0 when there is none. It never changes."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0


def kill_group(pid: int, expected: str) -> bool:
    """Kill a process group that an earlier server left; False when the id belongs to another program."""
    if expected not in command_of(pid):
        return False
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
