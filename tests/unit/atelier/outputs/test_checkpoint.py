"""The checkpoint that a job's manifest names."""

from __future__ import annotations

import json

import pytest

from atelier.errors import CheckpointMissing
from atelier.outputs.checkpoint import read_checkpoint
from tests.fixtures.objects import FakeObjects, tar_gz

JOB = {"job_name": "job", "output_s3_path": "s3://bucket/out"}
ARCHIVE = "s3://bucket/out/job/output/output.tar.gz"
CHECKPOINT = "s3://customer-escrow-111122223333-smtj-x/job/step_40"
GOOD = json.dumps({"checkpoint_s3_bucket": CHECKPOINT}).encode()


def read(archive: bytes) -> str:
    return read_checkpoint(JOB, objects=FakeObjects({ARCHIVE: archive}))


@pytest.mark.parametrize("name", ["manifest.json", "./manifest.json"])
def test_the_checkpoint_is_what_the_manifest_names(name: str) -> None:
    assert read(tar_gz({"log.txt": b"", name: GOOD})) == CHECKPOINT


@pytest.mark.parametrize("name", ["../manifest.json", "/manifest.json", "deep/manifest.json"])
def test_a_manifest_elsewhere_in_the_archive_is_another_file(name: str) -> None:
    with pytest.raises(CheckpointMissing, match=f"found: {name}"):
        read(tar_gz({name: GOOD}))


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (tar_gz({"loss.csv": b"1", "events": b"2"}), "has no manifest.json; found: loss.csv, events"),
        (tar_gz({}), "has no manifest.json; found: nothing"),
        (b"", "cannot be read as a tar.gz"),
        (b"not an archive", "cannot be read as a tar.gz"),
        (
            tar_gz({"log.txt": bytes(range(256)) * 1000, "manifest.json": GOOD})[:300],
            "cannot be read as a tar.gz",
        ),
        (tar_gz({"manifest.json": b"{"}), "manifest.json is not JSON"),
        (tar_gz({"manifest.json": b"[]"}), "must have checkpoint_s3_bucket = s3://…, has None"),
        (tar_gz({"manifest.json": b'{"checkpoint_s3_bucket": "bucket/job"}'}), "has 'bucket/job'"),
    ],
)
def test_an_archive_without_a_usable_manifest_says_what_it_holds(archive: bytes, message: str) -> None:
    with pytest.raises(CheckpointMissing, match=message.replace("…", ".")):
        read(archive)


EARLY = {"early_stop": {"step": 70, "best_step": 30, "best_loss": 0.4, "reason": "no better"}}


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        (CHECKPOINT, "s3://customer-escrow-111122223333-smtj-x/job/step_30"),
        ("s3://escrow/job-2/70", "s3://escrow/job-2/30"),
        ("s3://escrow/job/step70/", "s3://escrow/job/step30"),
    ],
)
def test_a_job_that_was_stopped_early_gives_the_checkpoint_of_its_best_step(named: str, kept: str) -> None:
    manifest = json.dumps({"checkpoint_s3_bucket": named}).encode()
    objects = FakeObjects({ARCHIVE: tar_gz({"manifest.json": manifest})})
    assert read_checkpoint(JOB | EARLY, objects=objects) == kept


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (
            b'{"checkpoint_s3_bucket": "s3://escrow/job/final"}',
            "s3://escrow/job/final does not end in a step",
        ),
        (b"{}", "must have checkpoint_s3_bucket"),
    ],
)
def test_a_stop_that_left_no_checkpoint_says_what_was_to_be_kept(manifest: bytes, message: str) -> None:
    objects = FakeObjects({ARCHIVE: tar_gz({"manifest.json": manifest})})
    expected = rf"{message}.*\. The job was stopped early at step 70 to keep step 30"
    with pytest.raises(CheckpointMissing, match=expected):
        read_checkpoint(JOB | EARLY, objects=objects)


def test_a_missing_archive_is_named() -> None:
    with pytest.raises(CheckpointMissing, match=f"{ARCHIVE}: there is no such object"):
        read_checkpoint(JOB, objects=FakeObjects())


ON_HYPERPOD = JOB | {"manifest_uri": "s3://bucket/out/job/manifest.json"}


@pytest.mark.parametrize("address", [CHECKPOINT, CHECKPOINT.removeprefix("s3://")])
def test_on_hyperpod_the_manifest_lies_beside_the_output_and_its_address_may_lack_the_scheme(
    address: str,
) -> None:
    manifest = json.dumps({"checkpoint_s3_bucket": address}).encode()
    objects = FakeObjects({ON_HYPERPOD["manifest_uri"]: manifest})
    assert read_checkpoint(ON_HYPERPOD, objects=objects) == CHECKPOINT


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"checkpoint_s3_bucket": "no address"}'])
def test_on_hyperpod_a_manifest_without_an_address_is_named(content: bytes) -> None:
    with pytest.raises(CheckpointMissing, match=r"s3://bucket/out/job/manifest\.json "):
        read_checkpoint(ON_HYPERPOD, objects=FakeObjects({ON_HYPERPOD["manifest_uri"]: content}))


def test_on_hyperpod_a_job_without_a_manifest_named_no_checkpoint() -> None:
    with pytest.raises(CheckpointMissing, match="there is no such object, so the job named no checkpoint"):
        read_checkpoint(ON_HYPERPOD, objects=FakeObjects())
