"""Where Slurm is installed on this machine, and what to say where it is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGES = Path(__file__).with_name("debian-packages.txt")
COMMANDS = (
    "munged",
    "slurmctld",
    "slurmd",
    "sbatch",
    "scancel",
    "scontrol",
    "sinfo",
    "squeue",
    "srun",
)
# Daemons lie where a person's PATH does not lead.
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")
LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib")
NSS_WRAPPER = "libnss_wrapper.so"


class SlurmMissing(RuntimeError):
    """Slurm, or what it takes to run it privately, is not installed; the message says what to install."""


@dataclass(frozen=True)
class Installation:
    """`search_path` is a PATH with Slurm's commands; `nss_wrapper` a library that names hosts privately.

    Slurm listens where its host's own name leads, which on many machines is not loopback, and nodes that are
    no hosts have no addresses. nss_wrapper (cwrap.org) gives a process names and addresses from a file.
    """

    search_path: str
    nss_wrapper: Path

    def program(self, name: str) -> str:
        """Path of one of COMMANDS."""
        return shutil.which(name, path=self.search_path) or name


def find() -> Installation:
    """The installation; SlurmMissing when anything lacks."""
    search_path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
    lacking = [command for command in COMMANDS if shutil.which(command, path=search_path) is None]
    library = next(_libraries(), None)
    if library is None:
        lacking.append(NSS_WRAPPER)
    if lacking or library is None:
        packages = " ".join(PACKAGES.read_text().split())
        raise SlurmMissing(
            f"Slurm is not installed here (not found: {', '.join(lacking)}). On Debian and Ubuntu: "
            f"`sudo apt-get install --no-install-recommends {packages}`, or `make slurm`"
        )
    return Installation(search_path, library)


def _libraries() -> Iterator[Path]:
    for folder in map(Path, LIBRARIES):
        yield from (*folder.glob(NSS_WRAPPER), *folder.glob(f"*-linux-gnu/{NSS_WRAPPER}"))
