from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from localcloud import control
from localcloud.common.home import Home
from localcloud.common.processes import command_of, start_of
from localcloud.slurm.cluster import SlurmCluster
from localcloud.slurm.processes import processes
from tests.fixtures.embedded_cloud.account import SCRIPTED, Account, policy, until
from tests.fixtures.slurm.installed import LAYOUT, installed_slurm

SS = shutil.which("ss")


@pytest.fixture
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("control"))


def test_up_finds_the_cloud_that_runs(own_home: Home) -> None:
    first = control.up(own_home)
    try:
        assert control.up(own_home) == first
        assert control.status(own_home) == first
    finally:
        assert control.down(own_home)
    assert control.status(own_home) is None
    assert not control.down(own_home)
    assert command_of(first.pid) == ""


def test_up_starts_anew_when_the_recorded_process_was_killed(own_home: Home) -> None:
    first = control.up(own_home)
    os.kill(first.pid, signal.SIGKILL)
    second = control.up(own_home)
    try:
        assert second.pid != first.pid
        assert second.endpoint_url == first.endpoint_url
    finally:
        control.down(own_home)


def test_an_interrupted_up_leaves_no_server(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def interrupted(cloud: control.Cloud, _patience: float = 0) -> bool:
        started.append(cloud.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(control, "_answers", interrupted)
    with pytest.raises(KeyboardInterrupt):
        control.up(own_home)
    assert command_of(started[0]) == ""
    assert not own_home.record.exists()


def test_down_leaves_a_process_alone_that_only_has_the_recorded_id(own_home: Home) -> None:
    cloud = control.up(own_home)
    control.down(own_home)
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        record = dataclasses.replace(cloud, pid=stranger.pid)
        own_home.record.write_text(json.dumps(dataclasses.asdict(record)))
        assert not control.down(own_home)
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.skipif(SS is None, reason="ss lists the sockets of a process")
def test_everything_listens_on_loopback_only(account: Account) -> None:
    listed = subprocess.run([str(SS), "-ltnpH"], capture_output=True, text=True, check=True).stdout
    ours = [line.split()[3] for line in listed.splitlines() if f"pid={account.cloud.pid}," in line]
    assert ours
    assert all(address.startswith("127.0.0.1:") for address in ours)


def test_state_survives_two_restarts_and_a_running_job_does_not(own_home: Home) -> None:
    account = Account(control.up(own_home, **SCRIPTED))
    try:
        account.bucket()
        role = account.role("sagemaker", policy((["*"], "*")))
        done, waiting = account.job(role), account.job(role, "wait")
        for request in (done, waiting):
            account.client("sagemaker").create_training_job(**request)
        account.ended(done["TrainingJobName"])
        until(lambda: _status(account, waiting)[1] == "Training")
        for _ in range(2):
            control.down(own_home)
            account.close()
            account = Account(control.up(own_home, **SCRIPTED))
        assert _status(account, done) == ("Completed", "Completed")
        buried = account.ended(waiting["TrainingJobName"])
        assert buried["TrainingJobStatus"] == "Failed"
        assert "the embedded cloud was stopped while the job ran" in buried["FailureReason"]
        again = account.job(role)
        account.client("sagemaker").create_training_job(**again)
        assert account.ended(again["TrainingJobName"])["TrainingJobStatus"] == "Completed"
    finally:
        account.close()
        control.down(own_home)


def test_a_job_whose_server_was_killed_is_failed_and_its_process_ended(own_home: Home) -> None:
    account = Account(control.up(own_home, **SCRIPTED))
    try:
        account.bucket()
        role = account.role("sagemaker", policy((["*"], "*")))
        request = account.job(role, "wait")
        account.client("sagemaker").create_training_job(**request)
        until(lambda: _status(account, request)[1] == "Training")
        (stored,) = (own_home.state / "training-jobs").glob("*.json")
        container = until(lambda: json.loads(stored.read_text())["record"]["process_id"])
        os.kill(account.cloud.pid, signal.SIGKILL)
        account.close()
        account = Account(control.up(own_home, **SCRIPTED))
        assert _status(account, request) == ("Failed", "Failed")
        assert until(lambda: command_of(container) == "")
    finally:
        account.close()
        control.down(own_home)


def test_down_ends_what_a_server_that_was_killed_has_left(tmp_path: Path) -> None:
    home = Home(tmp_path)
    slurm = SlurmCluster(home.slurm / "cluster", installed_slurm())
    slurm.start(LAYOUT)
    pod = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
    record = home.state / "kubernetes" / "000000000000" / "us-east-1" / "nova" / "pods" / "uid" / "c.process"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"pid": pod.pid, "started": start_of(pod.pid)}))
    try:
        assert processes(slurm.configuration)
        assert not control.down(home), "no server ran"
        assert processes(slurm.configuration) == []
        assert not slurm.root.exists()
        assert pod.wait(10) == -signal.SIGKILL
    finally:
        pod.kill()
        pod.wait()
        slurm.stop()


def _status(account: Account, request: dict[str, Any]) -> tuple[str, str]:
    job = account.client("sagemaker").describe_training_job(TrainingJobName=request["TrainingJobName"])
    return job["TrainingJobStatus"], job["SecondaryStatus"]
