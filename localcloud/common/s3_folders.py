"""Folders from and to S3, with whatever client is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def download(client: Any, uri: str, folder: Path) -> list[Path]:
    """Copy every object whose key begins as the URI into the folder, as SageMaker does for an S3Prefix."""
    bucket, prefix = split(uri)
    files = []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            if entry["Key"].endswith("/"):
                continue
            target = folder / _relative(entry["Key"], prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, entry["Key"], str(target))
            files.append(target)
    return files


def upload(client: Any, folder: Path, uri: str) -> None:
    """Copy every file below the folder to below the URI."""
    bucket, prefix = split(uri)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            client.upload_file(
                str(path), bucket, f"{prefix.rstrip('/')}/{path.relative_to(folder).as_posix()}"
            )


def _relative(key: str, prefix: str) -> str:
    """An object's path in its folder: below the prefix if that is a folder, else below its folder."""
    if key.startswith(prefix.rstrip("/") + "/"):
        return key.removeprefix(prefix.rstrip("/") + "/")
    return key.removeprefix(prefix.rpartition("/")[0]).lstrip("/")
