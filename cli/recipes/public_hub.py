"""SageMakerPublicHub, where AWS publishes recipes between two releases of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

HUB = "SageMakerPublicHub"
# AWS's largest, reinforcement learning of open weights, has 20 kB.
_LARGEST_FILE_BYTES = 1 << 20
# Files for subscribers lie behind an access point of the subscriber's account.
_CUSTOMER = "{customer_id}"
_ACCESS_POINT = re.compile(
    r"(?:s3://)?(?P<bucket>arn:[\w-]+:s3:[^:]*:[^:]*:accesspoint/[^/]+)/(?:object/)?(?P<key>.+)"
)
_OBJECT = re.compile(r"s3://(?P<bucket>[^/:]+)/(?P<key>.+)")


@dataclass(frozen=True)
class HubContent:
    """A model in the hub: its version there, and the document that names its recipes."""

    version: str
    document: str


class PublicHub:
    """The hub of one region. `account` is called only for files behind an access point."""

    def __init__(self, *, sagemaker: SageMakerClient, s3: S3Client, account: Callable[[], str]) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3
        self._account = account

    def content(self, name: str) -> HubContent | None:
        """The hub's entry of a model; None when this region's hub has none."""
        with domain_errors("sagemaker:DescribeHubContent", f"{HUB}/{name}"):
            try:
                described = self._sagemaker.describe_hub_content(
                    HubName=HUB, HubContentType="Model", HubContentName=name
                )
            except ClientError as error:
                if error_code(error) in ("ResourceNotFound", "ResourceNotFoundException"):
                    return None
                raise
        return HubContent(described["HubContentVersion"], described["HubContentDocument"])

    def read(self, uri: str) -> bytes:
        """A file that a recipe names. FileNotFoundError without it, AccessRefused without permission.

        ValueError when it is larger than any recipe's.
        """
        bucket, key = self._location(uri)
        with domain_errors("s3:GetObject", uri):
            try:
                content = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read(_LARGEST_FILE_BYTES + 1)
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "NoSuchBucket"):
                    raise FileNotFoundError(uri) from error
                raise
        if len(content) > _LARGEST_FILE_BYTES:
            raise ValueError(f"{uri} has more than {_LARGEST_FILE_BYTES:,} bytes")
        return content

    def _location(self, uri: str) -> tuple[str, str]:
        resolved = uri.replace(_CUSTOMER, self._customer) if _CUSTOMER in uri else uri
        match = _ACCESS_POINT.fullmatch(resolved) or _OBJECT.fullmatch(resolved)
        if match is None:
            raise ValueError(f"{uri!r}: accepted: s3://bucket/key or an access point's ARN with a key")
        return match["bucket"], match["key"]

    @cached_property
    def _customer(self) -> str:
        return self._account()
