"""Inputs, outputs and logs between the bucket and the shared file system."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from agents.slurm import job_log, outputs
from agents.slurm.bundle import Input
from agents.slurm.fetch import Fetcher, InputRefused, JobWithdrawn
from tests.fixtures.folder_cloud import FolderS3

BUCKET = "data"


class Inputs:
    """A bucket, a shared file system, and what is brought from the one to the other."""

    def __init__(self, folder: Path) -> None:
        self.s3 = FolderS3(folder / "cloud")
        self.shared = folder / "fsx"
        self.path = self.shared / "job" / "data" / "in"
        self._fetcher = Fetcher(s3=self.s3, downloads=self.shared / "downloads", transfers=1)

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def fetch(self, key: str, *, linked: str = "", is_requested: bool = True) -> None:
        at = str(self.shared / linked) if linked else ""
        source = Input(uri=f"s3://{BUCKET}/{key}", path=str(self.path), linked=at)
        self._fetcher.fetch(source, is_requested=lambda: is_requested)


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    return Inputs(tmp_path)


def test_an_object_is_downloaded_to_where_the_recipe_reads_it(inputs: Inputs) -> None:
    inputs.put("a/it's $(x).jsonl", b"lines")
    inputs.fetch("a/it's $(x).jsonl")
    assert inputs.path.read_bytes() == b"lines"


def test_everything_below_a_prefix_is_downloaded(inputs: Inputs) -> None:
    for key in ("m/config.json", "m/shards/1.safetensors", "mm/other"):
        inputs.put(key, key.encode())
    inputs.fetch("m/")
    found = {path.relative_to(inputs.path).as_posix() for path in inputs.path.rglob("*") if path.is_file()}
    assert found == {"config.json", "shards/1.safetensors"}


def test_what_the_file_system_shows_is_not_downloaded(inputs: Inputs) -> None:
    inputs.put("datasets/a.jsonl", b"lines")
    shown = inputs.shared / "datasets" / "a.jsonl"
    shown.parent.mkdir(parents=True)
    shown.write_bytes(b"lines")
    inputs.fetch("datasets/a.jsonl", linked="datasets/a.jsonl")
    assert inputs.path.readlink() == shown
    assert not (inputs.shared / "downloads").exists()


@pytest.mark.parametrize("shown", [None, b"li"])
def test_an_import_that_lags_is_not_waited_for(inputs: Inputs, shown: bytes | None) -> None:
    inputs.put("datasets/a.jsonl", b"lines")
    if shown is not None:
        (inputs.shared / "datasets").mkdir(parents=True)
        (inputs.shared / "datasets" / "a.jsonl").write_bytes(shown)
    inputs.fetch("datasets/a.jsonl", linked="datasets/a.jsonl")
    assert inputs.path.read_bytes() == b"lines"


def test_what_was_downloaded_is_downloaded_again_only_when_the_object_changed(inputs: Inputs) -> None:
    inputs.put("a/x", b"one")
    inputs.fetch("a/x")
    copy = inputs.path.resolve()
    first = copy.stat().st_ino
    inputs.fetch("a/x")
    assert copy.stat().st_ino == first
    inputs.put("a/x", b"two")
    os.utime(inputs.s3.path(BUCKET, "a/x"), (10, 10))
    inputs.fetch("a/x")
    assert inputs.path.read_bytes() == b"two"


@pytest.mark.parametrize("key", ["a/missing", "a/missing/"])
def test_what_is_not_there_is_refused(inputs: Inputs, key: str) -> None:
    with pytest.raises(InputRefused, match=f"s3://{BUCKET}/{key}"):
        inputs.fetch(key)


@pytest.mark.parametrize("name", ["/etc/cron.d/x", "../../x", "a/../../x", "./x", "a//x"])
def test_an_object_whose_name_leads_elsewhere_is_refused_and_written_nowhere(
    inputs: Inputs, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = {"Key": f"a/{name}", "Size": 1, "LastModified": datetime.now(UTC)}
    monkeypatch.setattr(inputs.s3, "paginate", lambda **_: [{"Contents": [item]}])
    monkeypatch.setattr(inputs.s3, "download_file", pytest.fail)
    with pytest.raises(InputRefused, match="no part of a key may be empty"):
        inputs.fetch("a/")


def test_what_may_not_be_read_is_refused_and_a_busy_bucket_is_not(inputs: Inputs) -> None:
    inputs.put("a/x", b"one")
    inputs.s3.refusals = ["403", "SlowDown"]
    with pytest.raises(InputRefused):
        inputs.fetch("a/x")
    with pytest.raises(ClientError, match="SlowDown"):
        inputs.fetch("a/x")


def test_a_job_that_is_taken_back_downloads_nothing_more(inputs: Inputs) -> None:
    inputs.put("a/x", b"one")
    with pytest.raises(JobWithdrawn):
        inputs.fetch("a/x", is_requested=False)


def test_output_is_uploaded_with_the_manifest_last_and_without_links(tmp_path: Path) -> None:
    s3 = FolderS3(tmp_path / "cloud")
    folder = tmp_path / "output"
    (folder / "shards").mkdir(parents=True)
    for name in ("manifest.json", "zz.json", "shards/1"):
        (folder / name).write_text(name)
    (folder / "password").symlink_to("/etc/passwd")
    (folder / "etc").symlink_to("/etc")
    assert outputs.upload(folder, f"s3://{BUCKET}/runs/x/", s3=s3) == 3
    assert s3.uploaded == ["runs/x/shards/1", "runs/x/zz.json", "runs/x/manifest.json"]


def test_a_log_s_end_is_what_is_told_of_it(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    assert (job_log.last_lines(log), job_log.size(log)) == ([], 0)
    log.write_bytes(b"".join(b"line %d \xff\n" % number for number in range(30)) + b"x" * 1000)
    lines = job_log.last_lines(log)
    assert len(lines) == 20
    assert lines[0] == "line 11 \N{REPLACEMENT CHARACTER}"
    assert len(lines[-1]) == 500


@pytest.mark.parametrize(
    ("lines", "loss"),
    [
        (["0: global_step=1 reduced_train_loss=2.5", "0: global_step=2 reduced_train_loss=1.5 lr=0.1"], 1.5),
        (["{'loss': 0.25, 'epoch': 1}", "done"], 0.25),
        (["train_loss: 1e-3"], 0.001),
        (["loss=nan", "val_loss=3", "lossy=4"], None),
        ([], None),
    ],
)
def test_the_loss_is_the_last_in_the_log(lines: list[str], loss: float | None) -> None:
    assert job_log.last_loss(lines) == loss


def test_of_a_very_large_log_the_pipeline_gets_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_log, "LARGEST_BYTES", 10)
    log = tmp_path / "job.log"
    log.write_bytes(b"first\nsecond\nthird\n")
    assert job_log.whole(log) == b"(the beginning is on the cluster only)\nthird\n"
