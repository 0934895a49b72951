"""One Slurm for the folder's tests; a line of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from localcloud.slurm.cluster import SlurmCluster
from localcloud.slurm.layout import Layout, Node, Partition
from tests.contract.slurm.line import Line
from tests.support.slurm import running_slurm

_NODES = tuple(Node(f"ip-10-1-0-{number}", cpus=4, gpus=0) for number in range(11, 19))
_LAYOUT = Layout(controller="ip-10-1-0-10", partitions=(Partition("compute", _NODES),))
_numbers = count(1)


@pytest.fixture(scope="package")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    with running_slurm(tmp_path_factory.mktemp("slurm"), _LAYOUT) as cluster:
        yield cluster


@pytest.fixture
def line(slurm: SlurmCluster, tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path, slurm, next(_numbers))
    made.start_agent()
    yield made
    made.kill_agent()
