"""Processes of a Slurm cluster, found by their environment: they leave the tree of who started them.

Daemons are started with two variables that Slurm gives to tasks, too, and slurmd hands to slurmstepd: which
cluster, and which of its nodes. Linux only, as is Slurm here.
"""

from __future__ import annotations

import ipaddress
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

CONFIGURATION, NODE = "SLURM_CONF", "SLURMD_NODENAME"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Listener(NamedTuple):
    """A TCP socket that takes connections."""

    address: Address
    port: int


def processes(configuration: Path, node: str | None = None) -> list[int]:
    """Ids of the processes of the cluster with this slurm.conf, or of one of its nodes; never our own."""
    return [
        pid
        for pid in psutil.pids()
        if pid != os.getpid() and _belongs(_environment(pid), configuration, node)
    ]


def kill(configuration: Path, node: str | None = None) -> None:
    """End them as a power cut does; those that they start meanwhile as well.

    All at once: a daemon that outlives its job reports that the job failed.
    """
    while found := processes(configuration, node):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def listeners(configuration: Path) -> list[Listener]:
    """Where the processes of the cluster listen."""
    return [listener for pid in processes(configuration) for listener in _listening(pid)]


def foreign_listeners(configuration: Path) -> list[str]:
    """Listeners beyond loopback, such as `0.0.0.0:6817`; there should be none."""
    return sorted(
        f"{listener.address}:{listener.port}"
        for listener in listeners(configuration)
        if not listener.address.is_loopback
    )


def _belongs(variables: Mapping[str, str], configuration: Path, node: str | None) -> bool:
    """Both variables: people set the first one alone in a shell of theirs, to look at the queue."""
    if variables.get(CONFIGURATION) != str(configuration):
        return False
    return NODE in variables if node is None else variables.get(NODE) == node


def _environment(pid: int) -> dict[str, str]:
    """What a process was started with (proc(5), environ); empty where it may not be looked at.

    psutil's environ() ends at the first empty entry, and slurmstepd writes its title over the first ones.
    """
    try:
        lines = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(line.partition("=")[::2] for line in lines)


def _listening(pid: int) -> Iterator[Listener]:
    with suppress(psutil.Error):
        for connection in psutil.Process(pid).net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN:
                address = ipaddress.ip_address(connection.laddr.ip)
                mapped = getattr(address, "ipv4_mapped", None)
                yield Listener(mapped or address, connection.laddr.port)
