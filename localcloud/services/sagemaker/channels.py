"""Bring a training job's input where its container expects it: `/opt/ml/input/data/<channel>/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localcloud.services.escrow import split


class DownloadFailed(Exception):
    """The channel cannot be read; the message is the job's failure reason."""


def download(channel: dict[str, Any], folder: Path, client: Any, role_arn: str) -> None:
    """Copy every object of an S3 channel, with the execution role's own credentials."""
    uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
    bucket, prefix = split(uri)
    try:
        keys = [
            entry["Key"]
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for entry in page.get("Contents", [])
            if not entry["Key"].endswith("/")
        ]
        for key in keys:
            target = folder / _relative(key, prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, key, str(target))
    except ClientError as error:
        raise DownloadFailed(
            f"ClientError: Data download failed: {error}. "
            f"Channel {channel['ChannelName']!r}, {uri}, role {role_arn}"
        ) from error
    if not keys:
        raise DownloadFailed(
            f'ClientError: Data download failed: No S3 objects found under S3 URL "{uri}" given in input '
            "data source. Please ensure that the bucket exists in the selected region, that objects exist "
            f'under that S3 prefix, and that the role "{role_arn}" has "s3:ListBucket" permissions on bucket '
            f'"{bucket}".'
        )


def _relative(key: str, prefix: str) -> str:
    """An object's path in its channel: below the prefix if that is a folder, else below its folder."""
    if key.startswith(prefix.rstrip("/") + "/"):
        return key.removeprefix(prefix.rstrip("/") + "/")
    return key.removeprefix(prefix.rpartition("/")[0]).lstrip("/")
