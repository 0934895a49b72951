"""Port Objects on Amazon S3."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import ClientError

from atelier.errors import ObjectChanged
from atelier.storage import Stat
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef
    from typing_extensions import Buffer

_READ_AHEAD_BYTES = 1 << 18


class S3Objects:
    """Objects by `s3://bucket/key`."""

    def __init__(self, *, s3: S3Client) -> None:
        self._s3 = s3

    def read(self, uri: str) -> bytes:
        """The whole object. FileNotFoundError when there is none."""
        body = self._body(uri)
        with domain_errors("s3:GetObject", uri):
            return body.read()

    def lines(self, uri: str) -> Iterator[bytes]:
        """The object's lines without their ends, streamed. FileNotFoundError when there is none."""
        body = self._body(uri)
        with domain_errors("s3:GetObject", uri):
            yield from body.iter_lines(chunk_size=_READ_AHEAD_BYTES)

    def stat(self, uri: str) -> Stat:
        """How large the object is, and which content it has. FileNotFoundError when there is none."""
        head = self._head(uri)
        if head is None:
            raise FileNotFoundError(uri)
        return Stat(head["ContentLength"], head["ETag"])

    def open(self, uri: str, start: int = 0, end: int | None = None, *, etag: str | None = None) -> BinaryIO:
        """Its bytes [start, end) as a stream, closed by the caller. FileNotFoundError when there is none.

        ObjectChanged when its content is no longer the one with this `etag`.
        """
        # S3 refuses a range of an empty object: the whole object is requested without one.
        whole = start == 0 and end is None
        last = "" if end is None else end - 1
        request = {} if whole else {"Range": f"bytes={start}-{last}"}
        body = self._body(uri, **request) if etag is None else self._body(uri, **request, IfMatch=etag)
        return cast("BinaryIO", _Stream(body, uri))

    def write(self, uri: str, body: bytes, *, content_type: str) -> None:
        """Create or replace the object; the bucket's own default encrypts it."""
        bucket, key = _split(uri)
        with domain_errors("s3:PutObject", uri):
            self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    def below(self, prefix: str) -> Iterator[str]:
        """URIs of the objects whose URI begins with `prefix`."""
        bucket, key = _split(prefix)
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        with domain_errors("s3:ListBucket", prefix):
            for page in pages:
                yield from (f"s3://{bucket}/{found['Key']}" for found in page.get("Contents", []))

    def exists(self, uri: str) -> bool:
        """True when the object is there."""
        return self._head(uri) is not None

    def _head(self, uri: str) -> HeadObjectOutputTypeDef | None:
        bucket, key = _split(uri)
        with domain_errors("s3:GetObject", uri):
            try:
                return self._s3.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if error_code(error) in ("404", "NoSuchKey"):
                    return None
                raise

    def _body(self, uri: str, **request: str) -> StreamingBody:
        bucket, key = _split(uri)
        with domain_errors("s3:GetObject", uri):
            try:
                return self._s3.get_object(Bucket=bucket, Key=key, **request)["Body"]  # type: ignore[arg-type]
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "NoSuchBucket"):
                    raise FileNotFoundError(uri) from error
                if error_code(error) == "PreconditionFailed":
                    raise ObjectChanged(f"{uri} was replaced while it was read") from error
                raise


class _Stream(io.RawIOBase):
    """An object's body; a connection that breaks while it is read is a failure of ours too."""

    def __init__(self, body: StreamingBody, uri: str) -> None:
        self._body = body
        self._uri = uri

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        with domain_errors("s3:GetObject", self._uri):
            return int(self._body.readinto(buffer))  # type: ignore[arg-type]  # the stubs want a file

    def close(self) -> None:
        self._body.close()
        super().close()


def _split(uri: str) -> tuple[str, str]:
    scheme, _, path = uri.partition("://")
    bucket, _, key = path.partition("/")
    if scheme != "s3" or not bucket or not key:
        raise ValueError(f"{uri!r} is not the address of an object: s3://bucket/key")
    return bucket, key
