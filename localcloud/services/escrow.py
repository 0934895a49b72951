"""Checkpoints of training jobs: objects in a bucket of the service's, known to its users by URI alone.

Layout as Amazon Nova's (`s3://customer-escrow-<account>-smtj-<id>/<job>/step_<n>/`). The bucket's owner is
another account, and nothing grants anyone else a thing: callers get AccessDenied, whoever they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.services.authorization import Endpoint, service_session
from localcloud.services.errors import ServiceError

PREFIX = "customer-escrow-"


@dataclass(frozen=True)
class Escrow:
    """The escrow bucket of one account's training jobs in one region."""

    endpoint: Endpoint
    account_id: str
    region: str

    @property
    def bucket(self) -> str:
        number = hashlib.sha256(f"{self.account_id}/{self.region}".encode()).hexdigest()[:8]
        return f"{PREFIX}{self.account_id}-smtj-{number}"

    def job_uri(self, job_name: str) -> str:
        return f"s3://{self.bucket}/{job_name}"

    def put(self, folder: Path, job_name: str) -> None:
        """Store a job's checkpoints: everything under `folder`."""
        client = self._client()
        self._ensure_bucket(client)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                client.upload_file(
                    str(path), self.bucket, f"{job_name}/{path.relative_to(folder).as_posix()}"
                )

    def get(self, uri: str, folder: Path) -> None:
        """Copy the checkpoint under a URI into `folder`. ValidationException unless it is this account's."""
        bucket, prefix = split(uri)
        if bucket != self.bucket:
            raise ServiceError(
                "ValidationException",
                f"{uri} is not a checkpoint of this account: expected s3://{self.bucket}/…",
            )
        client = self._client()
        prefix = prefix.rstrip("/") + "/"
        found = False
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                target = folder / entry["Key"].removeprefix(prefix)
                target.parent.mkdir(parents=True, exist_ok=True)
                client.download_file(bucket, entry["Key"], str(target))
                found = True
        if not found:
            raise ServiceError("ValidationException", f"there is no checkpoint at {uri}")

    def _client(self) -> Any:
        return self.endpoint.client(service_session(self.region), "s3")

    def _ensure_bucket(self, client: Any) -> None:
        try:
            client.head_bucket(Bucket=self.bucket)
        except client.exceptions.ClientError:
            client.create_bucket(Bucket=self.bucket)


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
