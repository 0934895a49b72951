"""Local datasets of a run file, uploaded under names made of their content, so that they stay."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from atelier import names
from atelier.problems import Problem
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_STAGE_FIELDS = ("train", "validation")
_REMOTE = "s3://"
_FILE_NAME = r"\S+\.jsonl"
NOWHERE = "s3://nowhere/missing.jsonl"


class DatasetUploads:
    """Uploads to the environment's bucket."""

    def __init__(self, *, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def address(self, path: Path) -> str:
        """Address of the file's content in the bucket, before and after the upload."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{_REMOTE}{self._bucket}/{names.dataset_key(sha256, path.name)}"

    def upload(self, path: Path, uri: str) -> bool:
        """Upload the file to its address; False when the same content is there already."""
        key = uri.removeprefix(f"{_REMOTE}{self._bucket}/")
        with domain_errors("s3:PutObject", uri):
            if self._holds(key, path.stat().st_size):
                return False
            self._s3.upload_file(str(path), self._bucket, key)
        return True

    def _holds(self, key: str, size: int) -> bool:
        try:
            return self._s3.head_object(Bucket=self._bucket, Key=key)["ContentLength"] == size
        except ClientError as error:
            if error_code(error) not in ("404", "NoSuchKey"):
                raise
            return False


class Remote(NamedTuple):
    """A run file's document with addresses for its local datasets, what to upload where, what is missing."""

    document: Any
    uploads: dict[str, Path]
    problems: list[Problem]


def with_remote_datasets(document: Any, *, folder: Path, address: Callable[[Path], str]) -> Remote:
    """The run file's document with local dataset paths (relative to `folder`) replaced.

    A document of another shape is passed on as it is: what is wrong with it is for the validation to say. A
    path without a dataset is a problem, named as the run file has it, and has an address all the same:
    the rest of its stage can still be checked.
    """
    remote = Remote(copy.deepcopy(document), {}, [])
    for holder, key, field in _dataset_fields(remote.document):
        value = holder.get(key)
        if not isinstance(value, str) or value.startswith(_REMOTE):
            continue
        path = folder / value
        if re.fullmatch(_FILE_NAME, path.name) and path.is_file():
            holder[key] = address(path)
            remote.uploads[holder[key]] = path
            continue
        message = "accepted: <name>.jsonl, without spaces, or s3://…"
        if re.fullmatch(_FILE_NAME, path.name):
            message = f"no such file ({path}); accepted: a file, relative to the run file, or s3://…"
        remote.problems.append(Problem(field, message, value))
        holder[key] = NOWHERE
    return remote


def _dataset_fields(document: Any) -> Iterator[tuple[dict[str, Any], str, str]]:
    """(holder, key, dotted path) of each place in a run file that names a dataset."""
    if not isinstance(document, dict):
        return
    for index, stage in _items(document.get("stages")):
        yield from ((stage, key, f"stages.{index}.{key}") for key in _STAGE_FIELDS)
    for index, evaluation in _items(document.get("evaluation")):
        yield evaluation, "dataset", f"evaluation.{index}.dataset"
    deployment = document.get("deployment")
    canary = deployment.get("canary") if isinstance(deployment, dict) else None
    if isinstance(canary, dict):
        yield canary, "scenarios", "deployment.canary.scenarios"


def _items(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    if isinstance(value, list):
        yield from ((index, item) for index, item in enumerate(value) if isinstance(item, dict))
