"""Processes of a Slurm cluster, found by their environment: they leave the tree of who started them.

Daemons are started with two variables that Slurm gives to tasks, too, and slurmd hands to slurmstepd: which
cluster, and which of its nodes.
"""

from __future__ import annotations

import ipaddress
import os
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
    return [process.pid for process in _processes(configuration, node)]


def kill(configuration: Path, node: str | None = None) -> None:
    """End them as a power cut does; those that they start meanwhile as well."""
    while found := _processes(configuration, node):
        for process in found:
            with suppress(psutil.Error):
                process.kill()


def listeners(configuration: Path) -> list[Listener]:
    """Where the processes of the cluster listen."""
    return [listener for process in _processes(configuration) for listener in _listening(process)]


def foreign_listeners(configuration: Path) -> list[str]:
    """Listeners beyond loopback, such as `0.0.0.0:6817`; there should be none."""
    return sorted(
        f"{listener.address}:{listener.port}"
        for listener in listeners(configuration)
        if not listener.address.is_loopback
    )


def _processes(configuration: Path, node: str | None = None) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and _belongs(process.environ(), configuration, node):
                found.append(process)
    return found


def _belongs(variables: Mapping[str, str], configuration: Path, node: str | None) -> bool:
    """Both variables: people set the first one alone in a shell of theirs, to look at the queue."""
    if variables.get(CONFIGURATION) != str(configuration):
        return False
    return NODE in variables if node is None else variables.get(NODE) == node


def _listening(process: psutil.Process) -> Iterator[Listener]:
    with suppress(psutil.Error):
        for connection in process.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN:
                address = ipaddress.ip_address(connection.laddr.ip)
                mapped = getattr(address, "ipv4_mapped", None)
                yield Listener(mapped or address, connection.laddr.port)
