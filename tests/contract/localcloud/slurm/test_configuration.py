from __future__ import annotations

from pathlib import Path

from localcloud.slurm.configuration import Ports, SlurmPaths, slurm_conf
from tests.fixtures.slurm.installed import LAYOUT

PORTS = Ports(controller=7000, nodes={node.name: 7001 + at for at, node in enumerate(LAYOUT.nodes)})


def test_two_clusters_of_one_machine_count_their_jobs_from_different_numbers() -> None:
    """The ranks of a job meet at a port made of its number: jobs 1 of two clusters met, and failed."""
    numbers = {first_job(Path("/run/slurm-0-a")), first_job(Path("/run/slurm-0-b"))}
    assert len(numbers) == 2


def first_job(root: Path) -> str:
    text = slurm_conf(LAYOUT, SlurmPaths(root), PORTS, "root")
    [line] = [line for line in text.splitlines() if line.startswith("FirstJobId=")]
    return line
