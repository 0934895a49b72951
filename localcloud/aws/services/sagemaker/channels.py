"""Bring a training job's input where its container expects it: `/opt/ml/input/data/<channel>/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localcloud.common import s3_folders as objects


class DownloadFailed(Exception):
    """The channel cannot be read; the message is the job's failure reason."""


def download(channel: dict[str, Any], folder: Path, client: Any, role_arn: str) -> None:
    """Copy every object of an S3 channel, with the execution role's own credentials."""
    uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
    try:
        files = objects.download(client, uri, folder)
    except ClientError as error:
        raise DownloadFailed(
            f"ClientError: Data download failed: {error}. "
            f"Channel {channel['ChannelName']!r}, {uri}, role {role_arn}"
        ) from error
    if not files:
        raise DownloadFailed(
            f'ClientError: Data download failed: No S3 objects found under S3 URL "{uri}" given in input '
            "data source. Please ensure that the bucket exists in the selected region, that objects exist "
            f'under that S3 prefix, and that the role "{role_arn}" has "s3:ListBucket" permissions on bucket '
            f'"{objects.split(uri)[0]}".'
        )
