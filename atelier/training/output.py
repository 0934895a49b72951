"""The archive that a training job leaves, where SageMaker writes it."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from typing import IO, Any, BinaryIO


def archive_uri(job: Mapping[str, Any]) -> str:
    """Where the archive of a finished job is; `job` is the result of a submit state."""
    return f"{job['output_s3_path'].rstrip('/')}/{job['job_name']}/output/output.tar.gz"


def members(stream: BinaryIO) -> Iterator[tuple[str, IO[bytes]]]:
    """(name, content) of each file in one pass; nothing is unpacked, so no name can reach a path of ours.

    tarfile.TarError or EOFError when the stream is not a whole tar.gz.
    """
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content:
                yield member.name.removeprefix("./"), content
