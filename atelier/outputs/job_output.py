"""What a job leaves, and where: a training job an archive, a job on HyperPod its files as they are."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from typing import IO, Any, BinaryIO

_BUCKET_AND_KEY = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S+")


def archive_uri(job: Mapping[str, Any]) -> str:
    """Where the archive of a finished job is; `job` is the result of a submit state."""
    return f"{output_folder(job)}output/output.tar.gz"


def output_folder(job: Mapping[str, Any]) -> str:
    """S3 prefix of a finished job's output; ends in a slash."""
    return f"{job['output_s3_path'].rstrip('/')}/{job['job_name']}/"


def members(stream: BinaryIO) -> Iterator[tuple[str, IO[bytes]]]:
    """(name, content) of each file in one pass; nothing is unpacked, so no name can reach a path of ours.

    tarfile.TarError or EOFError when the stream is not a whole tar.gz.
    """
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content:
                yield member.name.removeprefix("./"), content


def address_in(manifest: bytes, field: str, *, may_lack_scheme: bool = False) -> str:
    """The s3:// URI that a manifest has under `field`. ValueError says what it has instead.

    `may_lack_scheme`: `bucket/key` is one too, as AWS's SDK has met it in manifests of HyperPod.
    """
    try:
        content = json.loads(manifest)
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from error
    address = content.get(field) if isinstance(content, dict) else None
    if may_lack_scheme and isinstance(address, str) and _BUCKET_AND_KEY.fullmatch(address):
        return f"s3://{address}"
    if not isinstance(address, str) or not address.startswith("s3://"):
        raise ValueError(f"must have {field} = s3://…, has {address!r}")
    return address
