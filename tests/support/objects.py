"""A fake of port Objects that stores."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import BinaryIO

from atelier.errors import ObjectChanged
from atelier.storage import Stat


@dataclass
class FakeObjects:
    """Objects by URI, in memory."""

    stored: dict[str, bytes] = field(default_factory=dict)

    def read(self, uri: str) -> bytes:
        if uri not in self.stored:
            raise FileNotFoundError(uri)
        return self.stored[uri]

    def lines(self, uri: str) -> Iterable[bytes]:
        return iter(self.read(uri).splitlines())

    def stat(self, uri: str) -> Stat:
        content = self.read(uri)
        return Stat(len(content), _etag(content))

    def open(self, uri: str, start: int = 0, end: int | None = None, *, etag: str | None = None) -> BinaryIO:
        content = self.read(uri)
        if etag not in (None, _etag(content)):
            raise ObjectChanged(f"{uri} was replaced while it was read")
        return io.BytesIO(content[start:end])

    def write(self, uri: str, body: bytes, *, content_type: str) -> None:
        self.stored[uri] = body

    def below(self, prefix: str) -> Iterable[str]:
        return sorted(uri for uri in self.stored if uri.startswith(prefix))

    def exists(self, uri: str) -> bool:
        return uri in self.stored


def _etag(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()


def tar_gz(files: Mapping[str, bytes]) -> bytes:
    """An archive as SageMaker makes it of /opt/ml/output/data; the same bytes every time."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
