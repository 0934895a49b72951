"""The dataset that a distillation job's output names."""

from __future__ import annotations

import json

import pytest

from atelier.errors import DatasetMissing, InvalidDataset
from atelier.outputs.distilled_dataset import read_dataset
from tests.fixtures.objects import FakeObjects, tar_gz

JOB = {"job_name": "job", "output_s3_path": "s3://bucket/out/"}
ARCHIVE = "s3://bucket/out/job/output/output.tar.gz"
MADE = "s3://customer-escrow-111122223333-smtj-x/job/distillation_data/"
MANIFEST = json.dumps({"distillation_data": MADE}).encode()
LEARNABLE = {
    "schemaVersion": "bedrock-conversation-2024",
    "system": [{"text": "You answer questions about orders."}],
    "messages": [
        {"role": "user", "content": [{"text": "Where is order 12?"}]},
        {"role": "assistant", "content": [{"text": "It is on its way."}]},
    ],
}


def files(*rows: object, manifest: bytes = MANIFEST) -> dict[str, bytes]:
    sample = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return {"distillation_data/manifest.json": manifest} | (
        {"distillation_data/sample_training_data.jsonl": sample} if rows else {}
    )


def read_archive(content: dict[str, bytes]) -> str:
    return read_dataset(JOB, objects=FakeObjects({ARCHIVE: tar_gz(content)}))


def test_the_dataset_is_what_the_manifest_in_the_archive_names() -> None:
    assert read_archive({"training_config.json": b"{}", **files(LEARNABLE)}) == f"{MADE}training_data.jsonl"


@pytest.mark.parametrize("folder", ["s3://bucket/out/job", "s3://bucket/out"])
def test_the_manifest_may_lie_beside_the_archive(folder: str) -> None:
    beside = {f"{folder}/{name}": content for name, content in files(LEARNABLE).items()}
    assert read_dataset(JOB, objects=FakeObjects(beside)) == f"{MADE}training_data.jsonl"


def test_a_manifest_may_name_the_file_itself() -> None:
    manifest = json.dumps({"distillation_data": f"{MADE}training_data.jsonl"}).encode()
    assert read_archive(files(manifest=manifest)) == f"{MADE}training_data.jsonl"


def test_a_sample_that_no_student_could_learn_from_is_refused_before_the_student_is_paid_for() -> None:
    unanswered = {**LEARNABLE, "messages": LEARNABLE["messages"][:1]}
    with pytest.raises(InvalidDataset, match=r"could not learn from .*sample_training_data\.jsonl.*line 2"):
        read_archive(files(LEARNABLE, unanswered))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "found: nothing"),
        ({"manifest.json": b"{}"}, "found: manifest.json"),
        (files(manifest=b"{"), "is not JSON"),
        (
            files(manifest=b'{"checkpoint_s3_bucket": "s3://x"}'),
            "must have distillation_data = s3://., has None",
        ),
    ],
)
def test_an_output_without_a_usable_manifest_says_what_it_holds(
    content: dict[str, bytes], message: str
) -> None:
    with pytest.raises(DatasetMissing, match=message):
        read_archive(content)


def test_a_job_that_left_nothing_is_named() -> None:
    with pytest.raises(DatasetMissing, match=rf"{ARCHIVE} has no distillation_data/manifest\.json"):
        read_dataset(JOB, objects=FakeObjects())


def test_a_broken_archive_is_named() -> None:
    with pytest.raises(DatasetMissing, match=r"cannot be read as a tar\.gz"):
        read_dataset(JOB, objects=FakeObjects({ARCHIVE: b"not an archive"}))
