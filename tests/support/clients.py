"""botocore clients for stubs: made once, because reading a service model is the slow part."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3


@cache
def client(service_name: str) -> Any:
    """A client that has credentials of nobody; a Stubber takes it over for the length of a test."""
    return boto3.client(  # type: ignore[call-overload]
        service_name, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
