"""Client configuration for the embedded cloud's own services and the containers in its pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from localcloud.common.home import ROOT_SECRET_KEY, SERVICE_ACCOUNT_ID


@dataclass(frozen=True)
class Endpoint:
    """How our services reach the cloud they are part of."""

    url: str
    ca_bundle: str

    def client(self, session: boto3.Session, service: str) -> Any:
        return session.client(  # type: ignore[call-overload]  # the stubs want literal names
            service,
            endpoint_url=self.url,
            verify=self.ca_bundle,
            config=Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "max_attempts": 2}),
        )


def service_session(region: str) -> boto3.Session:
    """The owner of what belongs to AWS's services, such as escrow buckets: another account's root."""
    return boto3.Session(
        aws_access_key_id=SERVICE_ACCOUNT_ID, aws_secret_access_key=ROOT_SECRET_KEY, region_name=region
    )
