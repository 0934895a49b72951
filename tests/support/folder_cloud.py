"""S3 and SQS in a folder: they store, and several processes see the same.

Objects are files below `<folder>/<bucket>`, messages files below `<folder>/<queue>`. Shapes and error codes
are botocore's.
"""
# ruff: noqa: N803 - arguments have the names that botocore gives them

from __future__ import annotations

import io
import json
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError


def error(code: str, operation: str, message: str = "", status: int = 400) -> ClientError:
    """What botocore raises for an error of a service."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, operation)


class FolderS3:
    """The part of an S3 client that jobs on Slurm need; `refusals` are codes for the calls to come."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.refusals: list[str] = []
        self.uploaded: list[str] = []

    def path(self, bucket: str, key: str) -> Path:
        return self._folder / bucket / key

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:
        self._refuse("PutObject")
        path = self.path(Bucket, Key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        part.write_bytes(Body)
        part.replace(path)
        return {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self._refuse("GetObject")
        try:
            return {"Body": io.BytesIO(self.path(Bucket, Key).read_bytes())}
        except FileNotFoundError:
            raise error("NoSuchKey", "GetObject", status=404) from None

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self._refuse("HeadObject")
        path = self.path(Bucket, Key)
        if not path.is_file():
            raise error("404", "HeadObject", status=404)
        return {"ContentLength": path.stat().st_size, "LastModified": _modified(path)}

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self._refuse("DeleteObject")
        self.path(Bucket, Key).unlink(missing_ok=True)
        return {}

    def get_paginator(self, operation: str) -> FolderS3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        self._refuse("ListObjectsV2")
        root = self._folder / Bucket
        found = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.name.startswith(".")]
        keys = {path.relative_to(root).as_posix(): path for path in found}
        yield {
            "Contents": [
                {"Key": key, "Size": path.stat().st_size, "LastModified": _modified(path)}
                for key, path in keys.items()
                if key.startswith(Prefix)
            ]
        }

    def download_file(self, bucket: str, key: str, target: str) -> None:
        self._refuse("GetObject")
        shutil.copyfile(self.path(bucket, key), target)

    def upload_file(self, source: str, bucket: str, key: str) -> None:
        self._refuse("PutObject")
        path = self.path(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)
        self.uploaded.append(key)

    def _refuse(self, operation: str) -> None:
        if self.refusals:
            raise error(self.refusals.pop(0), operation)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)


class FolderSqs:
    """The part of an SQS client that jobs on Slurm need. `…refusals` are codes for the calls to come."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.refusals: list[str] = []
        self.receive_refusals: list[str] = []
        self.delete_refusals: list[str] = []

    def get_queue_url(self, *, QueueName: str) -> dict[str, Any]:
        return {"QueueUrl": f"https://sqs/{QueueName}"}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> dict[str, Any]:
        if self.refusals:
            raise error(self.refusals.pop(0), "SendMessage")
        path = self._queue(QueueUrl) / uuid.uuid4().hex
        self._write(path, {"body": MessageBody, "visible_at": 0})
        return {}

    def receive_message(
        self, *, QueueUrl: str, MaxNumberOfMessages: int, WaitTimeSeconds: int, VisibilityTimeout: int
    ) -> dict[str, Any]:
        if self.receive_refusals:
            raise error(self.receive_refusals.pop(0), "ReceiveMessage")
        deadline = time.monotonic() + WaitTimeSeconds
        while not (received := self._visible(QueueUrl, MaxNumberOfMessages, VisibilityTimeout)):
            if time.monotonic() >= deadline:
                break
            time.sleep(0.02)
        return {"Messages": received} if received else {}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        path = self._queue(QueueUrl) / ReceiptHandle
        self._write(path, {**self._read(path), "visible_at": time.time() + VisibilityTimeout})

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:
        if self.delete_refusals:
            raise error(self.delete_refusals.pop(0), "DeleteMessage")
        (self._queue(QueueUrl) / ReceiptHandle).unlink(missing_ok=True)

    def messages(self, url: str) -> list[str]:
        """The bodies of what lies in the queue, visible or not."""
        return [content["body"] for _, content in self._contents(url)]

    def _visible(self, url: str, most: int, seconds: int) -> list[dict[str, Any]]:
        now = time.time()
        found = [(path, body) for path, body in self._contents(url) if body["visible_at"] <= now][:most]
        for path, _ in found:
            self.change_message_visibility(QueueUrl=url, ReceiptHandle=path.name, VisibilityTimeout=seconds)
        return [{"Body": content["body"], "ReceiptHandle": path.name} for path, content in found]

    def _queue(self, url: str) -> Path:
        folder = self._folder / url.rpartition("/")[2]
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _contents(self, url: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        for path in self._queue(url).iterdir():
            # Another process may delete it meanwhile.
            with suppress(FileNotFoundError):
                if not path.name.startswith("."):
                    yield path, self._read(path)

    def _read(self, path: Path) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(path.read_text())
        return content

    def _write(self, path: Path, content: Mapping[str, Any]) -> None:
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        part.write_text(json.dumps(content))
        part.replace(path)
