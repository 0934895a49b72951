"""Port Objects: the objects of the environment's bucket, by s3:// URI."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Stat:
    """What is known of an object without reading it: its bytes, and a tag that its content alone has."""

    size: int
    etag: str


class Objects(Protocol):
    """Objects by s3:// URI."""

    def read(self, uri: str) -> bytes:
        """The whole object. FileNotFoundError when there is none."""

    def lines(self, uri: str) -> Iterable[bytes]:
        """The object's lines, streamed. FileNotFoundError when there is none."""

    def stat(self, uri: str) -> Stat:
        """How large the object is, and which content it has. FileNotFoundError when there is none."""

    def open(self, uri: str, start: int = 0, end: int | None = None, *, etag: str | None = None) -> BinaryIO:
        """Its bytes [start, end) as a stream, closed by the caller: fewer where it ends before.

        `start` is within the object, except in an empty one. FileNotFoundError when there is none,
        ObjectChanged when its content is no longer the one with this `etag`.
        """

    def write(self, uri: str, body: bytes, *, content_type: str) -> None:
        """Create or replace the object."""

    def below(self, prefix: str) -> Iterable[str]:
        """URIs of the objects whose URI begins with `prefix`."""

    def exists(self, uri: str) -> bool:
        """True when the object is there."""
