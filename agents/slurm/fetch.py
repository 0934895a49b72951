"""What a job reads, brought to where its recipe says: a link to what the file system shows, or a download.

An import into FSx for Lustre follows S3 with a delay, so a file counts only with the size that the object
has now.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from .bundle import Input, is_plain, split

_REFUSED = ("403", "AccessDenied", "NoSuchBucket")
_MISSING = ("404", "NoSuchKey", "NotFound")


class InputRefused(Exception):
    """An input that is not there, or that the cluster may not read."""


class JobWithdrawn(Exception):
    """The job was withdrawn while its inputs were downloaded."""


@dataclass(frozen=True)
class _Object:
    key: str
    size: int
    modified: float


class Fetcher:
    """Brings inputs, `transfers` objects at once; `downloads` is the folder of objects that jobs share."""

    def __init__(self, *, s3: Any, downloads: Path, transfers: int) -> None:
        self._s3 = s3
        self._downloads = downloads
        self._transfers = threading.BoundedSemaphore(transfers)
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def fetch(self, source: Input, *, is_requested: Callable[[], bool]) -> None:
        """Make `source.path` the input. InputRefused, JobWithdrawn, or what S3 raises for a while."""
        bucket, key = split(source.uri)
        try:
            objects = list(self._objects(bucket, key))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in (*_REFUSED, *_MISSING):
                raise InputRefused(f"{source.uri}: {error}") from error
            raise
        if not objects:
            raise InputRefused(f"{source.uri}: no such object")
        root = self._downloads / bucket / key
        if source.linked and all(_is_there(_at(Path(source.linked), key, one), one) for one in objects):
            _link(Path(source.path), Path(source.linked))
            return
        with self._locks[source.uri]:
            for one in objects:
                with self._transfers:
                    if not is_requested():
                        raise JobWithdrawn(source.uri)
                    self._download(bucket, one, _at(root, key, one))
        _link(Path(source.path), root)

    def _objects(self, bucket: str, key: str) -> Iterator[_Object]:
        if not key.endswith("/"):
            head = self._s3.head_object(Bucket=bucket, Key=key)
            yield _Object(key, head["ContentLength"], head["LastModified"].timestamp())
            return
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
            for item in page.get("Contents", []):
                if item["Key"].endswith("/"):
                    continue
                if not is_plain(item["Key"]):
                    uri = f"s3://{bucket}/{item['Key']}"
                    raise InputRefused(f"{uri}: no part of a key may be empty, '.' or '..'")
                yield _Object(item["Key"], item["Size"], item["LastModified"].timestamp())

    def _download(self, bucket: str, one: _Object, path: Path) -> None:
        if _is_there(path, one) and path.stat().st_mtime == one.modified:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._s3.download_file(bucket, one.key, str(part))
        os.utime(part, (one.modified, one.modified))
        part.replace(path)


def _at(root: Path, prefix: str, one: _Object) -> Path:
    """The path of an object of an input."""
    return root / one.key[len(prefix) :] if prefix.endswith("/") else root


def _is_there(path: Path, one: _Object) -> bool:
    try:
        return path.is_file() and path.stat().st_size == one.size
    except OSError:
        return False


def _link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.link")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    part.replace(path)
