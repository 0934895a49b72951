"""Where the pipeline and the agent meet: objects below the cluster's prefix."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from .bundle import JOB_NAME
from .config import Config

_MISSING = ("404", "NoSuchKey", "NotFound")


class Store:
    """The inbox, the statuses, the logs and the heartbeat of one cluster."""

    def __init__(self, *, s3: Any, config: Config) -> None:
        self._s3 = s3
        self._bucket = config.bucket
        self._prefix = config.prefix

    def requested(self) -> Iterator[str]:
        """The jobs whose bundles are in the inbox."""
        prefix = f"{self._prefix}inbox/"
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                job, dot, ending = item["Key"][len(prefix) :].rpartition(".")
                if dot and ending == "json" and JOB_NAME.fullmatch(job):
                    yield job

    def bundle(self, job: str) -> bytes | None:
        """A job's bundle; None when it is not in the inbox, or not any more."""
        return self._read(f"inbox/{job}.json")

    def is_requested(self, job: str) -> bool:
        """True while the job's bundle is there."""
        try:
            self._s3.head_object(Bucket=self._bucket, Key=f"{self._prefix}inbox/{job}.json")
        except ClientError as error:
            if is_missing(error):
                return False
            raise
        return True

    def drop_bundle(self, job: str) -> None:
        """Take a bundle out of the inbox, which need not be there."""
        self._s3.delete_object(Bucket=self._bucket, Key=f"{self._prefix}inbox/{job}.json")

    def status(self, job: str) -> Mapping[str, Any] | None:
        """The last reported status of a job."""
        body = self._read(f"status/{job}.json")
        return None if body is None else json.loads(body)

    def tell(self, job: str, status: Mapping[str, Any]) -> None:
        """Replace a job's status."""
        self._write(f"status/{job}.json", status)

    def beat(self, heartbeat: Mapping[str, Any]) -> None:
        """Replace the heartbeat."""
        self._write("heartbeat.json", heartbeat)

    def put_log(self, job: str, body: bytes) -> None:
        """Replace a job's log."""
        self._put(f"logs/{job}.log", body, "text/plain; charset=utf-8")

    def _read(self, name: str) -> bytes | None:
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"].read()
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return bytes(body)

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        self._put(name, json.dumps(content, sort_keys=True).encode(), "application/json")

    def _put(self, name: str, body: bytes, content_type: str) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=body, ContentType=content_type)


def is_missing(error: ClientError) -> bool:
    """True when S3 says that an object is not there."""
    return error.response.get("Error", {}).get("Code") in _MISSING
