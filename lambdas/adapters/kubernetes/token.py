"""The token with which an IAM role calls the Kubernetes API of an EKS cluster.

It is a presigned STS GetCallerIdentity that carries the cluster's name: the cluster sends it to STS and
learns the caller. Source: aws-iam-authenticator, "API authorization from outside a cluster"; EKS accepts one
for 15 minutes.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

# One minute short of what EKS accepts: a request under way ends before its token does.
_GOOD_SECONDS = 14 * 60
# How long STS itself takes the signature, which the cluster presents at once.
_SIGNED_SECONDS = 60
_PREFIX = "k8s-aws-v1."
_CLUSTER_HEADER = "x-k8s-aws-id"


class EksToken:
    """A token, made anew before it is too old. `now` in seconds since the epoch.

    `cluster` is the EKS cluster's name, `sts_url` the endpoint of STS in the cluster's region.
    """

    def __init__(
        self,
        *,
        cluster: str,
        region: str,
        sts_url: str,
        credentials: Credentials,
        now: Callable[[], float],
    ) -> None:
        self._cluster = cluster
        self._region = region
        self._sts_url = sts_url
        self._credentials = credentials
        self._now = now
        self._token = ""
        self._made_at = 0.0

    def value(self) -> str:
        """The token, without `Bearer`."""
        if not self._token or self._now() >= self._made_at + _GOOD_SECONDS:
            self._made_at = self._now()
            self._token = self._signed()
        return self._token

    def forget(self) -> None:
        """Make a new token next time: the credentials behind this one may have expired before it."""
        self._token = ""

    def _signed(self) -> str:
        request = AWSRequest(
            method="GET",
            url=f"{self._sts_url.rstrip('/')}/?Action=GetCallerIdentity&Version=2011-06-15",
            headers={_CLUSTER_HEADER: self._cluster},
        )
        SigV4QueryAuth(
            self._credentials.get_frozen_credentials(), "sts", self._region, expires=_SIGNED_SECONDS
        ).add_auth(request)
        return _PREFIX + base64.urlsafe_b64encode(str(request.url).encode()).decode().rstrip("=")
