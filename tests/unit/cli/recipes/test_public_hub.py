"""SageMakerPublicHub through boto3, with the shapes of its service model."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from mypy_boto3_s3 import S3Client
from mypy_boto3_sagemaker import SageMakerClient

from atelier.errors import AccessRefused, ServiceUnavailable
from cli.recipes.public_hub import HubContent, PublicHub
from tests.fixtures.hub import ACCESS_POINT, CACHE, document, entry

ASKED = {
    "HubName": "SageMakerPublicHub",
    "HubContentType": "Model",
    "HubContentName": "nova-textgeneration-micro",
}


def stubbed(service: Any) -> Iterator[Stubber]:
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def sagemaker() -> Iterator[Stubber]:
    yield from stubbed("sagemaker")


@pytest.fixture
def s3() -> Iterator[Stubber]:
    yield from stubbed("s3")


@pytest.fixture
def hub(sagemaker: Stubber, s3: Stubber) -> PublicHub:
    return PublicHub(
        sagemaker=cast(SageMakerClient, sagemaker.client),
        s3=cast(S3Client, s3.client),
        account=lambda: "123456789012",
    )


def body(content: bytes) -> StreamingBody:
    return StreamingBody(io.BytesIO(content), len(content))


def test_a_model_s_content_is_its_version_and_its_document(hub: PublicHub, sagemaker: Stubber) -> None:
    text = document(entry())
    described = {
        "HubName": "SageMakerPublicHub",
        "HubArn": "arn:aws:sagemaker:us-east-1:aws:hub/SageMakerPublicHub",
        "HubContentName": "nova-textgeneration-micro",
        "HubContentArn": "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/x/1.0.7",
        "HubContentVersion": "1.0.7",
        "HubContentType": "Model",
        "DocumentSchemaVersion": "2.3.0",
        "HubContentDocument": text,
        "HubContentStatus": "Available",
        "CreationTime": datetime(2026, 11, 1, tzinfo=UTC),
    }
    sagemaker.add_response("describe_hub_content", described, ASKED)

    assert hub.content("nova-textgeneration-micro") == HubContent("1.0.7", text)


def test_a_model_that_the_region_s_hub_does_not_have_is_none(hub: PublicHub, sagemaker: Stubber) -> None:
    sagemaker.add_client_error("describe_hub_content", "ResourceNotFound", expected_params=ASKED)

    assert hub.content("nova-textgeneration-micro") is None


def test_a_hub_that_may_not_be_asked_names_the_permission(hub: PublicHub, sagemaker: Stubber) -> None:
    sagemaker.add_client_error("describe_hub_content", "AccessDeniedException", "no", expected_params=ASKED)

    with pytest.raises(AccessRefused, match="sagemaker:DescribeHubContent"):
        hub.content("nova-textgeneration-micro")


def test_a_file_is_read_from_its_bucket(hub: PublicHub, s3: Stubber) -> None:
    where = {"Bucket": "jumpstart-cache-prod-us-east-1", "Key": "recipes/x.yaml"}
    s3.add_response("get_object", {"Body": body(b"run: {}")}, where)

    assert hub.read(f"{CACHE}/x.yaml") == b"run: {}"


def test_a_file_that_is_too_large_for_a_recipe_is_not_read_to_its_end(hub: PublicHub, s3: Stubber) -> None:
    endless = body(b"x" * (2 << 20))
    s3.add_response(
        "get_object", {"Body": endless}, {"Bucket": "jumpstart-cache-prod-us-east-1", "Key": "recipes/a.yaml"}
    )
    with pytest.raises(ValueError, match="more than 1,048,576 bytes"):
        hub.read(f"{CACHE}/a.yaml")
    assert endless.tell() == (1 << 20) + 1


@pytest.mark.parametrize("scheme", ["s3://", ""])
def test_a_file_for_subscribers_is_read_through_the_account_s_access_point(
    hub: PublicHub, s3: Stubber, scheme: str
) -> None:
    bucket = "arn:aws:s3:us-east-1:708977205387:accesspoint/forge-123456789012"
    s3.add_response("get_object", {"Body": body(b"{}")}, {"Bucket": bucket, "Key": "recipes/x.json"})

    assert hub.read(f"{scheme}{ACCESS_POINT}/recipes/x.json") == b"{}"


@pytest.mark.parametrize(
    ("code", "raised"),
    [("AccessDenied", AccessRefused), ("NoSuchKey", FileNotFoundError), ("SlowDown", Exception)],
)
def test_a_file_that_cannot_be_read_says_why(
    hub: PublicHub, s3: Stubber, code: str, raised: type[Exception]
) -> None:
    s3.add_client_error("get_object", code)

    with pytest.raises(raised):
        hub.read(f"{CACHE}/x.yaml")


def test_a_service_that_fails_is_not_taken_for_a_missing_file(hub: PublicHub, s3: Stubber) -> None:
    s3.add_client_error("get_object", "InternalError", http_status_code=500)

    with pytest.raises(ServiceUnavailable):
        hub.read(f"{CACHE}/x.yaml")


@pytest.mark.parametrize("uri", ["https://example.com/x", "s3://bucket", "x.yaml", "s3:///key"])
def test_an_address_of_another_kind_is_refused(hub: PublicHub, uri: str) -> None:
    with pytest.raises(ValueError, match="accepted: s3://bucket/key"):
        hub.read(uri)
