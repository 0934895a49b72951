"""EKS tokens as the AWS CLI and every SDK make them: with botocore's own presigning."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import boto3
from botocore.model import ServiceId
from botocore.signers import RequestSigner


def presigned(
    session: boto3.Session, cluster: str, *, host: str, region: str, action: str = "GetCallerIdentity"
) -> str:
    """The token of whose session it is, for a cluster."""
    credentials = session.get_credentials()
    assert credentials is not None
    signer = RequestSigner(ServiceId("STS"), region, "sts", "v4", credentials, session.events)
    request = {
        "method": "GET",
        "url": f"https://{host}/?" + urlencode({"Action": action, "Version": "2011-06-15"}),
        "body": {},
        "headers": {"x-k8s-aws-id": cluster},
        "context": {},
    }
    url = signer.generate_presigned_url(request, region_name=region, expires_in=60, operation_name="")
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
