"""What a job leaves, from the shared file system to the bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .bundle import split

MANIFEST = "manifest.json"


def upload(folder: Path, uri: str, *, s3: Any) -> int:
    """Upload every file below `folder`, those called manifest.json last; the number of files.

    A reader that waits for a manifest finds everything that it names. Uploading twice is the same.
    """
    bucket, prefix = split(uri)
    found = sorted(_files(folder), key=lambda path: (path.name == MANIFEST, str(path)))
    for path in found:
        s3.upload_file(str(path), bucket, prefix + path.relative_to(folder).as_posix())
    return len(found)


def _files(folder: Path) -> Iterator[Path]:
    """Regular files; a link may lead anywhere on the node."""
    for parent, _folders, names in os.walk(folder):
        for name in names:
            path = Path(parent) / name
            if path.is_file() and not path.is_symlink():
                yield path
