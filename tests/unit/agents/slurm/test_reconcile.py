"""What the agent does about a job, whatever happened before: looked at by hand, without its loop."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from agents.slurm import script
from agents.slurm.fetch import Fetcher
from agents.slurm.reconcile import Reconciler
from agents.slurm.record import HeldByAnother, Records, hold
from agents.slurm.reporting import Reporter
from agents.slurm.slurm import Seen, SlurmDown, SubmissionRefused, SubmissionUnheard
from agents.slurm.status_reporter import StatusReporter
from agents.slurm.store import Store
from atelier.platforms.slurm import naming
from tests.fixtures.fake_slurm import FakeSlurm
from tests.fixtures.folder_cloud import FolderS3
from tests.fixtures.runs import BUCKET
from tests.fixtures.slurm_jobs import CLUSTER, NAME, NOON, a_config, a_job, put_bundle, put_inputs, told

MINUTE = 60


class Agent:
    """One agent after another on the same folders: `restart` is a crash."""

    def __init__(self, folder: Path) -> None:
        self.s3 = FolderS3(folder / "cloud")
        self.state = folder / "state"
        self.slurm = FakeSlurm()
        self.now = NOON
        self.job = a_job(cluster=replace(CLUSTER, shared_folder=str(folder / "fsx"), linked=()))
        self.config = a_config(
            str(folder / "fsx"), runtime="process", programs={self.job.image: ["train"]}, log_seconds=30
        )
        put_inputs(self.s3)
        put_bundle(self.s3, self.job)
        self.restart()

    def restart(self) -> None:
        store = Store(s3=self.s3, config=self.config)
        self.records = Records(self.state, jobs=self.config.jobs_folder)
        reporter = Reporter(store=store, records=self.records, now=lambda: self.now)
        slurm: Any = self.slurm
        self._reconciler = Reconciler(
            config=self.config,
            store=store,
            records=self.records,
            slurm=slurm,
            fetcher=Fetcher(s3=self.s3, downloads=self.config.downloads_folder, transfers=4),
            reporter=reporter,
            now=lambda: self.now,
        )
        self._status_reporter = StatusReporter(
            config=self.config, records=self.records, slurm=slurm, reporter=reporter, s3=self.s3
        )

    def attend(self) -> None:
        self._reconciler.attend(NAME)

    def follow(self) -> None:
        self._status_reporter.follow(NAME, self._status_reporter.look())

    def cancel_strays(self) -> int:
        """How many there were."""
        strays = list(self._status_reporter.strays(self._status_reporter.look()))
        for job, seen in strays:
            self._status_reporter.cancel(job, seen)
        return len(strays)

    def submit(self) -> None:
        """Up to a job that runs."""
        self.attend()
        self.slurm.move(NAME, "RUNNING", nodes="n1", started_at=NOON)
        self.follow()

    def write(self, name: str, text: str) -> None:
        path = Path(self.job.folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @property
    def status(self) -> dict[str, Any]:
        return told(self.s3, NAME) or {}

    @property
    def is_requested(self) -> bool:
        return self._bundle.exists()

    def take_back(self) -> None:
        self._bundle.unlink()

    @property
    def _bundle(self) -> Path:
        return self.s3.path(BUCKET, naming.bundle_key(CLUSTER.name, NAME))


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path)


def test_a_job_is_told_from_its_bundle_to_its_output(agent: Agent) -> None:
    agent.attend()
    assert (agent.status["state"], agent.status["slurm_job_id"]) == ("PENDING", "1")
    agent.slurm.move(NAME, "RUNNING", nodes="ip-10-1-0-[1-2]", started_at=NOON)
    agent.follow()
    assert (agent.status["state"], agent.status["nodes"]) == ("RUNNING", "ip-10-1-0-[1-2]")
    agent.write("output/model.safetensors", "weights")
    agent.slurm.move(NAME, "COMPLETED", ended_at=NOON + 9)
    agent.follow()
    assert (agent.status["state"], agent.status["output_files"]) == ("COMPLETED", 1)
    assert agent.status["bundle_sha256"] == agent.job.bundle_sha256
    assert not agent.is_requested, "what has ended lies in no inbox"


def test_a_log_that_grows_is_told_now_and_then(agent: Agent) -> None:
    agent.submit()
    agent.write("job.log", "loss=2\n")
    agent.now += 29
    agent.follow()
    assert agent.status["log_lines"] == []
    agent.now += 1
    agent.follow()
    assert agent.status["log_lines"] == ["loss=2"]
    assert agent.status["loss"] == 2
    log = agent.s3.path(BUCKET, naming.log_key(CLUSTER.name, NAME))
    assert log.read_text() == "loss=2\n"


def test_a_state_that_lasts_says_since_when(agent: Agent) -> None:
    agent.attend()
    agent.now += MINUTE
    agent.slurm.move(NAME, "PENDING", reason="Resources")
    agent.follow()
    assert (agent.status["reason"], agent.status["since"]) == ("Resources", NOON)


@pytest.mark.parametrize("changes", [{"partition": "$(reboot)"}, {"nodes": "2; reboot"}, {"folder": "/etc"}])
def test_a_bundle_that_is_none_is_refused_and_leaves_nothing(agent: Agent, changes: dict[str, Any]) -> None:
    put_bundle(agent.s3, agent.job, **changes)
    agent.attend()
    assert agent.status["state"] == "REFUSED"
    assert next(iter(changes)) in agent.status["reason"]
    assert not agent.is_requested
    assert not agent.config.jobs_folder.exists()
    assert not agent.state.exists()


def test_a_disk_that_is_full_is_told_and_the_job_goes_on_when_there_is_room(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(agent.s3, "download_file", full)
        for _ in range(2):
            with pytest.raises(OSError, match="No space left"):
                agent.attend()
    assert agent.status["state"] == "FETCHING"
    assert agent.status["reason"] == "OSError: [Errno 28] No space left on device"
    agent.attend()
    assert (agent.status["state"], agent.status["reason"]) == ("PENDING", "")


def test_a_job_that_is_taken_back_after_its_last_input_is_not_submitted(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_back_meanwhile(*_arguments: Any, **_named: Any) -> dict[str, str]:
        agent.take_back()
        return {}

    monkeypatch.setattr(script, "files", taken_back_meanwhile)
    agent.attend()
    assert (agent.status["state"], agent.slurm.submitted) == ("CANCELLED", [])


@pytest.mark.parametrize("state", ["COMPLETED", "TIMEOUT", "REFUSED", "FORGOTTEN"])
def test_an_agent_without_records_believes_what_was_told_of_an_end(agent: Agent, state: str) -> None:
    agent.submit()
    agent.slurm.forget(NAME)
    key = naming.status_key(CLUSTER.name, NAME)
    ended = json.dumps({**agent.status, "state": state}).encode()
    agent.s3.put_object(Bucket=BUCKET, Key=key, Body=ended)
    shutil.rmtree(agent.state)
    agent.restart()
    agent.attend()
    assert (agent.status["state"], agent.slurm.submitted) == (state, [NAME])
    assert not agent.is_requested


def test_an_image_without_a_program_is_refused(agent: Agent) -> None:
    put_bundle(agent.s3, agent.job, image="other:latest")
    agent.attend()
    assert agent.status["state"] == "REFUSED"
    assert "image = 'other:latest': this cluster has programs for" in agent.status["reason"]


def test_an_input_that_is_missing_is_refused(agent: Agent) -> None:
    agent.s3.path(BUCKET, "datasets/a/train.jsonl").unlink()
    agent.attend()
    assert agent.status["state"] == "REFUSED"
    assert "s3://atelier-data/datasets/a/train.jsonl" in agent.status["reason"]
    assert agent.slurm.submitted == []


@pytest.mark.parametrize("counts_them", [True, False])
def test_accelerators_are_asked_for_exactly_where_slurm_counts_them(agent: Agent, counts_them: bool) -> None:
    agent.slurm.counting = {agent.job.partition} if counts_them else {"another"}
    agent.attend()
    submitted = (Path(agent.job.folder) / script.SUBMIT).read_text()
    assert (f"#SBATCH --gres=gpu:{agent.job.gpus_per_node}\n" in submitted) == counts_them


def test_what_slurm_refuses_is_told_in_its_words(agent: Agent) -> None:
    agent.slurm.trouble = SubmissionRefused("Invalid partition name specified")
    agent.attend()
    assert (agent.status["state"], agent.status["reason"]) == ("REFUSED", "Invalid partition name specified")


def test_a_slurm_that_is_down_gets_the_job_when_it_is_back(agent: Agent) -> None:
    agent.slurm.is_down = True
    with pytest.raises(SlurmDown):
        agent.attend()
    assert agent.status["state"] == "FETCHING"
    agent.slurm.is_down = False
    agent.attend()
    assert agent.slurm.submitted == [NAME]


def test_an_sbatch_that_timed_out_after_slurm_took_the_job_is_no_second_job(agent: Agent) -> None:
    agent.slurm.trouble, agent.slurm.takes_it_anyway = SlurmDown("Socket timed out"), True
    with pytest.raises(SlurmDown):
        agent.attend()
    agent.attend()
    agent.restart()
    agent.attend()
    assert agent.slurm.submitted == [NAME]
    assert agent.status["slurm_job_id"] == "1"


@pytest.mark.parametrize(("minutes", "state", "count"), [(4, "PENDING", 2), (5, "FORGOTTEN", 1)])
def test_whether_a_dead_agent_had_submitted_is_not_guessed_once_slurm_may_have_forgotten(
    agent: Agent, minutes: int, state: str, count: int
) -> None:
    agent.slurm.trouble, agent.slurm.takes_it_anyway = SlurmDown("died"), True
    with pytest.raises(SlurmDown):
        agent.attend()
    agent.slurm.forget(NAME)
    agent.restart()
    agent.now += minutes * MINUTE
    agent.attend()
    assert agent.status["state"] == state
    assert len(agent.slurm.submitted) == count


def test_a_controller_that_was_away_for_long_gets_the_job_that_it_never_heard_of(agent: Agent) -> None:
    agent.slurm.trouble = SubmissionUnheard("Unable to contact slurm controller (connect failure)")
    with pytest.raises(SlurmDown):
        agent.attend()
    agent.restart()
    agent.now += 60 * MINUTE
    agent.attend()
    assert (agent.status["state"], agent.slurm.submitted) == ("PENDING", [NAME])


def test_how_long_slurm_remembers_counts_from_the_last_sbatch(agent: Agent) -> None:
    for _ in range(3):
        agent.slurm.trouble = SlurmDown("Socket timed out on send/recv operation")
        with pytest.raises(SlurmDown):
            agent.attend()
        agent.now += 4 * MINUTE
    agent.attend()
    assert agent.status["state"] == "PENDING"


def test_a_job_that_slurm_took_after_the_pipeline_took_it_back_is_cancelled(agent: Agent) -> None:
    agent.slurm.trouble = SlurmDown("sbatch: timed out after 60 seconds")
    with pytest.raises(SlurmDown):
        agent.attend()
    agent.take_back()
    agent.attend()
    assert agent.status["state"] == "CANCELLED"
    agent.slurm.others = [(NAME, Seen("7", "PENDING"))]
    assert agent.cancel_strays() == 1
    assert agent.slurm.others == [(NAME, Seen("7", "CANCELLED"))]
    assert agent.cancel_strays() == 0, "Slurm tells of an ended job for minutes"


def test_of_two_jobs_with_one_name_the_one_that_was_told_goes_on(agent: Agent) -> None:
    agent.submit()
    agent.slurm.others = [(NAME, Seen("7", "PENDING")), ("somebody-s0", Seen("8", "RUNNING"))]
    agent.follow()
    assert (agent.status["state"], agent.status["slurm_job_id"]) == ("RUNNING", "1")
    agent.cancel_strays()
    assert [seen.state for _, seen in agent.slurm.jobs()] == ["RUNNING", "CANCELLED", "RUNNING"]
    agent.take_back()
    agent.attend()
    assert agent.slurm.queue[NAME].state == "CANCELLED"


def test_a_job_that_slurm_forgot_is_reported_and_not_guessed(agent: Agent) -> None:
    agent.submit()
    agent.slurm.forget(NAME)
    agent.follow()
    assert agent.status["state"] == "FORGOTTEN"
    assert "last RUNNING" in agent.status["reason"]
    assert agent.status["nodes"] == "n1"


@pytest.mark.parametrize(
    ("written", "state", "code"),
    [("1 0\n", "COMPLETED", 0), ("1 7\n", "FAILED", 7), ("99 0\n", "FORGOTTEN", 0), ("1", "FORGOTTEN", 0)],
)
def test_a_job_that_slurm_forgot_may_have_written_how_its_script_ended(
    agent: Agent, written: str, state: str, code: int
) -> None:
    agent.submit()
    agent.write("exit_code", written)
    agent.slurm.forget(NAME)
    agent.follow()
    assert (agent.status["state"], agent.status["exit_code"]) == (state, code)


def test_accounting_is_believed_before_the_script(agent: Agent) -> None:
    agent.submit()
    agent.write("exit_code", "1 0\n")
    agent.slurm.accounting["1"] = replace(agent.slurm.queue[NAME], state="OUT_OF_MEMORY", exit_code=1)
    agent.slurm.forget(NAME)
    agent.follow()
    assert agent.status["state"] == "OUT_OF_MEMORY"


def test_a_slurm_that_does_not_answer_has_forgotten_nothing(agent: Agent) -> None:
    agent.submit()
    agent.slurm.is_down = True
    with pytest.raises(SlurmDown):
        agent.follow()
    assert agent.status["state"] == "RUNNING"


def test_output_that_could_not_be_uploaded_is_uploaded_later(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.submit()
    agent.write("output/manifest.json", "{}")
    agent.slurm.move(NAME, "COMPLETED")
    with monkeypatch.context() as patch:
        patch.setattr(agent.s3, "upload_file", failing)
        with pytest.raises(ClientError):
            agent.follow()
    assert agent.status["state"] == "UPLOADING"
    assert "ClientError: An error occurred (SlowDown)" in agent.status["reason"]
    agent.slurm.forget(NAME)
    agent.restart()
    agent.follow()
    assert (agent.status["state"], agent.status["output_files"]) == ("COMPLETED", 1)
    assert agent.status["reason"] == ""


def failing(*_arguments: str) -> None:
    raise ClientError({"Error": {"Code": "SlowDown", "Message": "later"}}, "PutObject")


def test_a_job_that_is_taken_back_is_cancelled_until_slurm_has_ended_it(agent: Agent) -> None:
    agent.submit()
    agent.take_back()
    agent.attend()
    assert agent.slurm.queue[NAME].state == "CANCELLED"
    agent.follow()
    assert agent.status["state"] == "CANCELLED"


def test_a_job_that_is_taken_back_while_it_is_submitted_is_cancelled_at_the_next_look(agent: Agent) -> None:
    agent.slurm.during_submit = agent.take_back
    agent.attend()
    agent.attend()
    assert agent.slurm.queue[NAME].state == "CANCELLED"


@pytest.mark.parametrize("trouble", [True, False])
def test_a_job_that_is_taken_back_before_slurm_has_it_never_starts(agent: Agent, trouble: bool) -> None:
    agent.slurm.is_down = True
    with pytest.raises(SlurmDown):
        agent.attend()
    agent.slurm.is_down = False
    agent.take_back()
    if trouble:
        agent.restart()
    agent.attend()
    assert agent.status["state"] == "CANCELLED"
    assert agent.slurm.submitted == []


def test_an_ended_job_is_not_done_again_for_a_bundle_that_comes_late(agent: Agent) -> None:
    agent.submit()
    agent.slurm.move(NAME, "FAILED", exit_code=1)
    agent.follow()
    put_bundle(agent.s3, agent.job)
    agent.attend()
    assert agent.slurm.submitted == [NAME]
    assert not agent.is_requested


def test_nor_after_its_folder_was_cleared_away(agent: Agent) -> None:
    agent.submit()
    agent.slurm.move(NAME, "FAILED", exit_code=1)
    agent.follow()
    agent.records.clear_away(before=agent.now)
    assert Path(agent.job.folder).exists()
    agent.records.clear_away(before=agent.now + 1)
    assert not Path(agent.job.folder).exists()
    agent.slurm.forget(NAME)
    put_bundle(agent.s3, agent.job)
    agent.attend()
    assert agent.slurm.submitted == [NAME]
    assert agent.status["state"] == "FAILED"


def test_a_record_that_cannot_be_read_is_made_anew_from_bundle_and_slurm(agent: Agent) -> None:
    agent.submit()
    (agent.state / NAME / "record.json").write_text("{")
    agent.restart()
    agent.attend()
    agent.follow()
    assert agent.slurm.submitted == [NAME]
    assert agent.status["state"] == "RUNNING"


def test_two_agents_are_never_at_work_on_the_same_records(tmp_path: Path) -> None:
    with hold(tmp_path / "state"), pytest.raises(HeldByAnother, match="another agent is at work"):
        hold(tmp_path / "state")
    hold(tmp_path / "state").close()


def test_a_disk_that_fills_up_leaves_the_record_that_was_there(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.submit()
    record = agent.state / NAME / "record.json"
    before = record.read_bytes()
    reader = record.open("rb")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    agent.slurm.move(NAME, "FAILED", exit_code=3)
    with pytest.raises(OSError, match="No space left"):
        agent.follow()
    assert record.read_bytes() == before
    monkeypatch.undo()
    agent.restart()
    agent.follow()
    assert (agent.status["state"], agent.status["exit_code"]) == ("FAILED", 3)
    with reader:
        assert reader.read() == before, "a record is replaced, and never written over"


@pytest.mark.parametrize("look", [Agent.attend, Agent.follow])
def test_a_busy_bucket_loses_nothing(agent: Agent, look: Callable[[Agent], None]) -> None:
    agent.submit()
    agent.slurm.move(NAME, "FAILED", exit_code=3)
    agent.s3.refusals = ["SlowDown"]
    with pytest.raises(ClientError):
        look(agent)
    agent.restart()
    agent.follow()
    assert (agent.status["state"], agent.status["exit_code"]) == ("FAILED", 3)


def test_the_record_tells_no_more_than_the_status_does(agent: Agent) -> None:
    agent.submit()
    record = json.loads((agent.state / NAME / "record.json").read_text())
    assert record["status"] == agent.status
