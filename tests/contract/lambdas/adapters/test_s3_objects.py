"""Port Objects on Amazon S3, pinned to botocore's service model."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from atelier.errors import AccessRefused, ObjectChanged, ServiceUnavailable
from atelier.storage import Stat
from lambdas.adapters.s3_objects import S3Objects

URI = "s3://bucket/runs/a/run.json"
KEY = {"Bucket": "bucket", "Key": "runs/a/run.json"}


@pytest.fixture
def s3() -> Iterator[tuple[S3Objects, Stubber]]:
    client = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    with Stubber(client) as stubber:
        yield S3Objects(s3=client), stubber
        stubber.assert_no_pending_responses()


def body(content: bytes) -> dict[str, Any]:
    return {"Body": StreamingBody(io.BytesIO(content), len(content))}


def test_read_returns_the_whole_object(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    stubber.add_response("get_object", body(b"content"), KEY)
    assert objects.read(URI) == b"content"


def test_below_finds_what_begins_so_page_by_page(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    asked = {"Bucket": "bucket", "Prefix": "runs/a/"}
    first = {"IsTruncated": True, "NextContinuationToken": "more", "Contents": [{"Key": "runs/a/1"}]}
    stubber.add_response("list_objects_v2", first, asked)
    stubber.add_response(
        "list_objects_v2", {"Contents": [{"Key": "runs/a/2"}]}, asked | {"ContinuationToken": "more"}
    )
    assert list(objects.below("s3://bucket/runs/a/")) == ["s3://bucket/runs/a/1", "s3://bucket/runs/a/2"]


def test_lines_come_without_their_ends_however_the_stream_is_cut(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    long = b"x" * 300_000
    stubber.add_response("get_object", body(b"one\n" + long + b"\nthree"), KEY)
    assert list(objects.lines(URI)) == [b"one", long, b"three"]


def test_open_is_a_stream_that_the_caller_closes(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    stubber.add_response("get_object", body(b"content"), KEY)
    with objects.open(URI) as stream:
        assert (stream.read(3), stream.read()) == (b"con", b"tent")


@pytest.mark.parametrize(
    ("start", "end", "asked"),
    [(100, 200, "bytes=100-199"), (0, 200, "bytes=0-199"), (100, None, "bytes=100-")],
)
def test_open_asks_for_the_part_that_is_wanted_and_no_more(
    s3: tuple[S3Objects, Stubber], start: int, end: int | None, asked: str
) -> None:
    objects, stubber = s3
    stubber.add_response("get_object", body(b"part"), KEY | {"Range": asked})
    with objects.open(URI, start, end) as stream:
        assert stream.read() == b"part"


def test_open_asks_for_the_content_that_was_seen_before(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    stubber.add_response("get_object", body(b"all"), KEY | {"IfMatch": '"1"'})
    stubber.add_response("get_object", body(b"part"), KEY | {"IfMatch": '"1"', "Range": "bytes=100-"})
    with objects.open(URI, etag='"1"') as whole, objects.open(URI, 100, etag='"1"') as part:
        assert (whole.read(), part.read()) == (b"all", b"part")


def test_an_object_that_was_replaced_is_told_by_name(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    stubber.add_client_error("get_object", "PreconditionFailed", http_status_code=412)
    with pytest.raises(ObjectChanged, match=f"{URI} was replaced"):
        objects.open(URI, etag='"1"')


def test_size_and_tag_are_those_of_the_head(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    stubber.add_response("head_object", {"ContentLength": 7, "ETag": '"1"'}, KEY)
    assert objects.stat(URI) == Stat(size=7, etag='"1"')


def test_an_object_that_is_not_there_has_no_size(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    stubber.add_client_error("head_object", "404", http_status_code=404)
    with pytest.raises(FileNotFoundError, match=URI):
        objects.stat(URI)


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchBucket"])
@pytest.mark.parametrize(
    "call",
    [lambda o: o.read(URI), lambda o: list(o.lines(URI)), lambda o: o.open(URI)],
    ids=["read", "lines", "open"],
)
def test_an_object_that_is_not_there_is_a_file_not_found(
    s3: tuple[S3Objects, Stubber], call: Callable[[S3Objects], Any], code: str
) -> None:
    objects, stubber = s3
    stubber.add_client_error("get_object", code)
    with pytest.raises(FileNotFoundError, match=URI):
        call(objects)


def test_a_refusal_names_the_action_and_the_object(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    stubber.add_client_error("get_object", "AccessDenied", "Access Denied")
    with pytest.raises(AccessRefused, match=f"s3:GetObject on {URI} was refused"):
        objects.read(URI)


def test_write_says_what_the_content_is(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    stubber.add_response("put_object", {}, KEY | {"Body": b"{}", "ContentType": "application/json"})
    objects.write(URI, b"{}", content_type="application/json")


def test_exists_asks_for_the_head_only(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    stubber.add_response("head_object", {}, KEY)
    stubber.add_client_error("head_object", "404", http_status_code=404)
    assert (objects.exists(URI), objects.exists(URI)) == (True, False)


def test_an_object_that_may_not_be_seen_is_not_called_missing(s3: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = s3
    stubber.add_client_error("head_object", "403", http_status_code=403)
    with pytest.raises(AccessRefused):
        objects.exists(URI)


@pytest.mark.parametrize(
    "error", [ReadTimeoutError(endpoint_url="s3"), EndpointConnectionError(endpoint_url="s3")]
)
def test_a_broken_connection_can_be_retried(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    client = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )

    def fail(**_kwargs: object) -> None:
        raise error

    monkeypatch.setattr(client, "get_object", fail)
    with pytest.raises(ServiceUnavailable):
        S3Objects(s3=client).read(URI)


def test_a_connection_that_breaks_while_an_object_is_streamed_can_be_retried(
    s3: tuple[S3Objects, Stubber],
) -> None:
    objects, stubber = s3
    stubber.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"cut"), 300)}, KEY)
    with objects.open(URI) as stream, pytest.raises(ServiceUnavailable, match=f"s3:GetObject on {URI}"):
        stream.read()


@pytest.mark.parametrize(
    "uri", ["bucket/key", "http://bucket/key", "s3://bucket", "s3:///key", "s3://bucket/"]
)
def test_an_address_that_is_no_object_is_refused(s3: tuple[S3Objects, Stubber], uri: str) -> None:
    objects, _ = s3
    with pytest.raises(ValueError, match="is not the address of an object"):
        objects.read(uri)
