"""Processes of a Slurm cluster, found by their environment: they leave the tree of who started them.

slurmd hands its environment to slurmstepd, and Slurm gives tasks the same two variables; Linux only, as is
Slurm here.
"""

from __future__ import annotations

import ipaddress
import os
import signal
import sys
from collections.abc import Iterator
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
    wanted = {f"{CONFIGURATION}={configuration}".encode()}
    if node is not None:
        wanted.add(f"{NODE}={node}".encode())
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            if wanted <= set((entry / "environ").read_bytes().split(b"\0")):
                found.append(int(entry.name))
    return found


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
