"""Datasets of a run file: named by content, uploaded once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import boto3
import pytest
from botocore.stub import ANY, Stubber
from mypy_boto3_s3 import S3Client

from client.datasets import DatasetUploads, with_remote_datasets

CONTENT = b'{"query": "q", "response": "r"}\n'
KEY = f"datasets/{hashlib.sha256(CONTENT).hexdigest()[:16]}/gen_qa.jsonl"


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    path = tmp_path / "gen_qa.jsonl"
    path.write_bytes(CONTENT)
    return path


def uploads(stub: Stubber) -> DatasetUploads:
    return DatasetUploads(s3=cast(S3Client, stub.client), bucket="b")


def test_the_address_is_made_of_the_content_and_the_file_s_name(stub: Stubber, dataset: Path) -> None:
    assert uploads(stub).address(dataset) == f"s3://b/{KEY}"


def test_what_is_there_already_is_not_uploaded_again(stub: Stubber, dataset: Path) -> None:
    stub.add_response("head_object", {"ContentLength": len(CONTENT)}, {"Bucket": "b", "Key": KEY})

    assert uploads(stub).upload(dataset, f"s3://b/{KEY}") is False


def test_what_is_not_there_is_uploaded(stub: Stubber, dataset: Path) -> None:
    stub.add_client_error("head_object", "404", http_status_code=404)
    stub.add_response("put_object", {}, {"Bucket": "b", "Key": KEY, "Body": ANY, "ChecksumAlgorithm": ANY})

    assert uploads(stub).upload(dataset, f"s3://b/{KEY}") is True


def test_every_place_that_names_a_dataset_is_replaced_and_addresses_are_left(tmp_path: Path) -> None:
    for name in ("train.jsonl", "validation.jsonl", "gen_qa.jsonl", "scenarios.jsonl"):
        (tmp_path / name).write_text("{}\n")
    document = {
        "stages": [
            {"train": "train.jsonl", "validation": "validation.jsonl"},
            {"train": "s3://b/datasets/0/other.jsonl"},
        ],
        "evaluation": [{"dataset": "gen_qa.jsonl"}],
        "deployment": {"canary": {"scenarios": "scenarios.jsonl"}},
    }

    replaced, where, problems = with_remote_datasets(
        document, folder=tmp_path, address=lambda path: f"s3://b/{path.name}"
    )

    assert problems == []

    assert replaced == {
        "stages": [
            {"train": "s3://b/train.jsonl", "validation": "s3://b/validation.jsonl"},
            {"train": "s3://b/datasets/0/other.jsonl"},
        ],
        "evaluation": [{"dataset": "s3://b/gen_qa.jsonl"}],
        "deployment": {"canary": {"scenarios": "s3://b/scenarios.jsonl"}},
    }
    assert where["s3://b/train.jsonl"] == tmp_path / "train.jsonl"
    assert len(where) == 4


@pytest.mark.parametrize(
    "document", [None, [], {"stages": 3}, {"stages": ["sft"]}, {"deployment": {"canary": None}}]
)
def test_a_document_of_another_shape_is_passed_on_for_the_validation_to_refuse(
    document: object, tmp_path: Path
) -> None:
    assert with_remote_datasets(document, folder=tmp_path, address=str) == (document, {}, [])
