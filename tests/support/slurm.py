"""A private Slurm cluster of two nodes, for tests that need Slurm and no cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localcloud.slurm.cluster import SlurmCluster
from localcloud.slurm.installation import Installation, SlurmMissing, find
from localcloud.slurm.layout import Layout, Node, Partition
from tests.support.deployed_line import eventually

NODES = ("ip-10-1-0-11", "ip-10-1-0-12")
PARTITION = "compute"
LAYOUT = Layout(
    controller="ip-10-1-0-10",
    partitions=(Partition(PARTITION, tuple(Node(name, cpus=48, gpus=4) for name in NODES)),),
)


def installed_slurm() -> Installation:
    """Slurm as it is installed here; the test that asks is skipped where it is not."""
    try:
        return find()
    except SlurmMissing as missing:
        pytest.skip(str(missing))


@contextmanager
def running_slurm(folder: Path, layout: Layout = LAYOUT) -> Iterator[SlurmCluster]:
    """Slurm in `folder`, started in about a second and gone afterwards with everything it ran."""
    cluster = SlurmCluster(folder, installed_slurm())
    cluster.start(layout)
    try:
        yield cluster
    finally:
        cluster.stop()


def wait_for_job(
    cluster: SlurmCluster, job: str, is_there: Callable[[dict[str, str]], bool]
) -> dict[str, str]:
    """The job's fields (`scontrol -o show job`) once they are as wished."""
    return eventually(lambda: describe_job(cluster, job), is_there, f"Slurm's job {job}")


def describe_job(cluster: SlurmCluster, job: str) -> dict[str, str]:
    """Fields of a job by Slurm's names: JobState, ExitCode, Restarts, NodeList."""
    shown = cluster.command("scontrol", "--oneliner", "show", "job", job)
    return dict(field.partition("=")[::2] for field in shown.split() if "=" in field)
