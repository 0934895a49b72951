"""Processes of a Slurm cluster, found by their environment: they leave the tree of who started them.

Daemons are started with two variables that Slurm gives to tasks, too, and slurmd hands to slurmstepd: which
cluster, and which of its nodes. Linux only, as is Slurm here.
"""

from __future__ import annotations

import ipaddress
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

LISTEN = "0A"
CONFIGURATION, NODE = "SLURM_CONF", "SLURMD_NODENAME"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Listener(NamedTuple):
    """A TCP socket that takes connections."""

    address: Address
    port: int


def processes(configuration: Path, node: str | None = None) -> list[int]:
    """Ids of the processes of the cluster with this slurm.conf, or of one of its nodes; never our own."""
    return [pid for pid, variables in _environments() if _belongs(variables, configuration, node)]


def kill(configuration: Path, node: str | None = None) -> None:
    """End them as a power cut does; those that they start meanwhile as well."""
    while found := processes(configuration, node):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def listeners(configuration: Path) -> list[Listener]:
    """Where the processes of the cluster listen."""
    sockets = {inode for pid in processes(configuration) for inode in _sockets(pid)}
    return [listener for inode, listener in _listening() if inode in sockets]


def foreign_listeners(configuration: Path) -> list[str]:
    """Those beyond loopback: `0.0.0.0:6817`. None is right."""
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


def _environments() -> Iterator[tuple[int, dict[str, str]]]:
    """What every process that may be looked at was started with (proc(5), environ)."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            lines = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
            yield int(entry.name), dict(line.partition("=")[::2] for line in lines)


def _sockets(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    yield target.removeprefix("socket:[").removesuffix("]")


def _listening() -> Iterator[tuple[str, Listener]]:
    """Inode and address of every TCP socket that listens (proc(5), net/tcp)."""
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN:
                address, port = fields[1].split(":")
                yield fields[9], Listener(_address(address), int(port, 16))


def _address(digits: str) -> Address:
    """The kernel prints an address as words of 32 bits in the machine's own byte order."""
    words = [int(digits[start : start + 8], 16) for start in range(0, len(digits), 8)]
    address = ipaddress.ip_address(b"".join(word.to_bytes(4, sys.byteorder) for word in words))
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
