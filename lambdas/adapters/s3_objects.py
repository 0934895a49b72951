"""Port Objects on Amazon S3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import ClientError

from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

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

    def open(self, uri: str) -> BinaryIO:
        """The object as a stream, closed by the caller. FileNotFoundError when there is none."""
        return cast("BinaryIO", self._body(uri))

    def write(self, uri: str, body: bytes, *, content_type: str) -> None:
        """Create or replace the object; the bucket's own default encrypts it."""
        bucket, key = _split(uri)
        with domain_errors("s3:PutObject", uri):
            self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    def exists(self, uri: str) -> bool:
        """True when the object is there."""
        bucket, key = _split(uri)
        with domain_errors("s3:GetObject", uri):
            try:
                self._s3.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if error_code(error) in ("404", "NoSuchKey"):
                    return False
                raise
        return True

    def _body(self, uri: str) -> StreamingBody:
        bucket, key = _split(uri)
        with domain_errors("s3:GetObject", uri):
            try:
                return self._s3.get_object(Bucket=bucket, Key=key)["Body"]
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "NoSuchBucket"):
                    raise FileNotFoundError(uri) from error
                raise


def _split(uri: str) -> tuple[str, str]:
    scheme, _, path = uri.partition("://")
    bucket, _, key = path.partition("/")
    if scheme != "s3" or not bucket or not key:
        raise ValueError(f"{uri!r} is not the address of an object: s3://bucket/key")
    return bucket, key
