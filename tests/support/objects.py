"""A fake of port Objects that stores."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO


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

    def size(self, uri: str) -> int:
        return len(self.read(uri))

    def open(self, uri: str, start: int = 0, end: int | None = None) -> BinaryIO:
        return io.BytesIO(self.read(uri)[start:end])

    def write(self, uri: str, body: bytes, *, content_type: str) -> None:
        self.stored[uri] = body

    def exists(self, uri: str) -> bool:
        return uri in self.stored


def tar_gz(files: Mapping[str, bytes]) -> bytes:
    """An archive as SageMaker makes it of /opt/ml/output/data."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
