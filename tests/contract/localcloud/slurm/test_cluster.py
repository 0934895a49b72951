"""The embedded cloud's Slurm, against the Slurm that Debian ships."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.slurm.processes import foreign_listeners, listeners, processes
from tests.fixtures.deployed_pipeline import eventually
from tests.fixtures.slurm.installed import NODES, PARTITION, RestartableSlurm, running_slurm, wait_for_job


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableSlurm]:
    """Slow once (about a second): Slurm's nodes register at the tick of its clock."""
    with running_slurm(tmp_path_factory.mktemp("slurm and spaces")) as cluster:
        yield cluster


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where jobs write."""
    return tmp_path


def submit(cluster: RestartableSlurm, folder: Path, body: str, *options: str) -> str:
    script = folder / "job.sh"
    script.write_text(f"#!/bin/bash\n{body}\n")
    chosen = ("--partition", PARTITION, "--output", str(folder / "output"), *options)
    return cluster.command("sbatch", "--parsable", *chosen, str(script)).strip()


def cancel(cluster: RestartableSlurm, job: str) -> None:
    cluster.command("scancel", job)
    wait_for_job(cluster, job, lambda seen: seen["JobState"] == "CANCELLED")


def test_a_job_runs_on_every_node_that_it_asks_for(slurm: RestartableSlurm, folder: Path) -> None:
    job = submit(slurm, folder, "srun printenv SLURMD_NODENAME", "--nodes=2", "--gres=gpu:4")

    ended = wait_for_job(slurm, job, lambda seen: seen["JobState"] == "COMPLETED")

    assert ended["ExitCode"] == "0:0"
    assert sorted((folder / "output").read_text().split()) == list(NODES)


def test_nodes_have_addresses_in_jobs_though_they_are_no_hosts(slurm: RestartableSlurm, folder: Path) -> None:
    look = "import socket; print(socket.gethostbyname('ip-10-1-0-12'))"
    job = submit(slurm, folder, f'srun python3 -c "{look}"')

    wait_for_job(slurm, job, lambda seen: seen["JobState"] == "COMPLETED")

    assert (folder / "output").read_text() == "127.0.0.1\n"


def test_nothing_listens_beyond_loopback_while_a_job_runs(slurm: RestartableSlurm, folder: Path) -> None:
    job = submit(slurm, folder, "srun sleep 600", "--nodes=2")
    # The daemons, srun's and its steps' sockets: three daemons alone would be no proof.
    seen = eventually(lambda: listeners(slurm.configuration), lambda found: len(found) > 4, "srun to listen")

    assert foreign_listeners(slurm.configuration) == []
    assert {str(listener.address) for listener in seen} == {"127.0.0.1"}
    cancel(slurm, job)


def test_a_job_of_a_lost_node_is_queued_again_and_runs_when_the_node_is_back(
    slurm: RestartableSlurm, folder: Path
) -> None:
    """Slow (8 s): Slurm lets the credentials of the first attempt expire before the second."""
    job = submit(slurm, folder, "srun sleep 600", "--nodes=2", "--requeue")
    wait_for_job(slurm, job, lambda seen: seen["JobState"] == "RUNNING")

    slurm.hold(NODES[1])

    waiting = wait_for_job(slurm, job, lambda seen: seen["JobState"] == "PENDING")
    assert waiting["Restarts"] == "1"
    slurm.release(NODES[1])
    wait_for_job(slurm, job, lambda seen: seen["JobState"] == "RUNNING")
    cancel(slurm, job)


def test_jobs_run_on_while_the_controller_restarts(slurm: RestartableSlurm, folder: Path) -> None:
    job = submit(slurm, folder, "srun sleep 600")
    wait_for_job(slurm, job, lambda seen: seen["JobState"] == "RUNNING")

    slurm.restart_controller()

    assert wait_for_job(slurm, job, lambda seen: True)["JobState"] == "RUNNING"
    cancel(slurm, job)


def test_what_ran_when_slurm_stopped_runs_again_and_nothing_is_left_between(
    tmp_path_factory: pytest.TempPathFactory, folder: Path
) -> None:
    """Slow (4 s): two starts."""
    state = tmp_path_factory.mktemp("stopped")
    with running_slurm(state) as cluster:
        job = submit(cluster, folder, "srun sleep 600", "--requeue")
        wait_for_job(cluster, job, lambda seen: seen["JobState"] == "RUNNING")

    assert processes(cluster.configuration) == []
    with running_slurm(state) as cluster:
        again = wait_for_job(cluster, job, lambda seen: seen["Restarts"] == "1")
        assert again["JobState"] == "PENDING"


def test_nobody_else_reaches_what_says_who_one_is(slurm: RestartableSlurm) -> None:
    assert slurm.root.stat().st_mode & 0o077 == 0
