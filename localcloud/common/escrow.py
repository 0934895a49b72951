"""Checkpoints of training jobs: objects in buckets of the service's, known to its users by URI alone.

Layout as Amazon Nova's (`s3://customer-escrow-<account>-smtj-<id>/<job>/step_<n>/`, of HyperPod `-hp-`). The
buckets' owner is another account, and nothing grants anyone else a thing: callers get AccessDenied, whoever
they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from localcloud.common.endpoint import Endpoint, service_session
from localcloud.common.s3_folders import download, split, upload
from localcloud.common.service_error import ServiceError

PREFIX = "customer-escrow-"
Platform = Literal["smtj", "hp"]
"""Training jobs, and HyperPod."""


@dataclass(frozen=True)
class Escrow:
    """The escrow buckets of one account in one region; `platform` says into which of them it puts."""

    endpoint: Endpoint
    account_id: str
    region: str
    platform: Platform = "smtj"

    @property
    def bucket(self) -> str:
        return self._bucket_of(self.platform)

    def job_uri(self, job_name: str) -> str:
        return f"s3://{self.bucket}/{job_name}"

    def put(self, folder: Path, job_name: str) -> None:
        """Store a job's checkpoints: everything under `folder`."""
        client = self._client()
        self._ensure_bucket(client)
        upload(client, folder, self.job_uri(job_name))

    def get(self, uri: str, folder: Path) -> None:
        """Copy the checkpoint under a URI into `folder`. ValidationException unless it is this account's."""
        known = [self._bucket_of("smtj"), self._bucket_of("hp")]
        if split(uri)[0] not in known:
            raise ServiceError(
                "ValidationException",
                f"{uri} is not a checkpoint of this account: expected s3://{known[0]}/… or s3://{known[1]}/…",
            )
        client = self._client()
        if not self._is_there(client, uri) or not download(client, f"{uri.rstrip('/')}/", folder):
            raise ServiceError("ValidationException", f"there is no checkpoint at {uri}")

    def _bucket_of(self, platform: Platform) -> str:
        number = hashlib.sha256(f"{self.account_id}/{self.region}".encode()).hexdigest()[:8]
        return f"{PREFIX}{self.account_id}-{platform}-{number}"

    def _client(self) -> Any:
        return self.endpoint.client(service_session(self.region), "s3")

    def _is_there(self, client: Any, uri: str) -> bool:
        """Whether there has been a job of the URI's platform: before the first there is no bucket."""
        try:
            client.head_bucket(Bucket=split(uri)[0])
        except client.exceptions.ClientError:
            return False
        return True

    def _ensure_bucket(self, client: Any) -> None:
        if not self._is_there(client, f"s3://{self.bucket}"):
            client.create_bucket(Bucket=self.bucket)
