"""Bearer tokens: who sends them.

An EKS token is a presigned STS GetCallerIdentity request, `k8s-aws-v1.` and the URL in base64; the header
x-k8s-aws-id, which the URL does not hold, binds its signature to one cluster. AWS's authenticator sends the
request on to STS; here its signature is computed again with botocore's own signer.
Source: github.com/kubernetes-sigs/aws-iam-authenticator, pkg/token.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud.kubernetes.api.access import AccessEntry, User, user_of

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
# However short the URL says it lives: EKS takes it for a quarter of an hour, and kubectl keeps it that long.
LIFETIME = dt.timedelta(minutes=15)
CLOCK_SKEW = dt.timedelta(minutes=5)
_SIGNED = {
    "Action": "GetCallerIdentity",
    "Version": "2011-06-15",
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-SignedHeaders": f"host;{CLUSTER_HEADER}",
}


class Authenticator(Protocol):
    """Tells whose token it is."""

    def authenticate(self, token: str) -> User | None: ...


@dataclass(frozen=True)
class AccessKey:
    """An access key as IAM and STS know it, and whose it is."""

    secret: str
    session_token: str | None
    principal_arn: str
    principal_id: str


class IamTokens:
    """EKS tokens of one cluster.

    `find_key` looks an access key up by its id and the session token that came with it; `entries` gives the
    cluster's access entries as they are now; `hosts` the addresses of STS in a region.
    """

    def __init__(
        self,
        cluster_name: str,
        find_key: Callable[[str, str | None], AccessKey | None],
        entries: Callable[[], Iterable[AccessEntry]],
        hosts: Callable[[str], Iterable[str]],
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._cluster_name = cluster_name
        self._find_key = find_key
        self._entries = entries
        self._hosts = hosts
        self._clock = clock

    def authenticate(self, token: str) -> User | None:
        request = _read(token)
        if request is None or request.host not in self._hosts(request.region):
            return None
        age = self._clock() - request.time
        if not -CLOCK_SKEW <= age <= LIFETIME:
            return None
        key = self._find_key(request.access_key_id, request.session_token)
        if key is None or not hmac.compare_digest(
            request.signed_for(self._cluster_name, key), request.signature
        ):
            return None
        return user_of(key.principal_arn, key.principal_id, self._entries())


@dataclass(frozen=True)
class _Request:
    """A presigned GetCallerIdentity, taken apart."""

    url: str
    host: str
    access_key_id: str
    region: str
    timestamp: str
    time: dt.datetime
    session_token: str | None
    expires: int
    signature: str

    def signed_for(self, cluster_name: str, key: AccessKey) -> str:
        """The signature this request has when the key's owner made it for the cluster."""
        request = AWSRequest(method="GET", url=self.url, headers={CLUSTER_HEADER: cluster_name})
        request.context["timestamp"] = self.timestamp
        credentials = Credentials(self.access_key_id, key.secret, key.session_token)
        signer = SigV4QueryAuth(credentials, "sts", self.region, self.expires)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        return str(signer.signature(text, request))


def _read(token: str) -> _Request | None:
    """None for anything that is not exactly one GetCallerIdentity."""
    try:
        encoded = token.removeprefix(PREFIX)
        url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
        query = dict(pairs)
        if not token.startswith(PREFIX) or parts.scheme != "https" or parts.path not in ("", "/"):
            return None
        if len(query) != len(pairs) or any(query[name] != value for name, value in _SIGNED.items()):
            return None
        access_key_id, date, region, service, end = query["X-Amz-Credential"].split("/")
        timestamp = query["X-Amz-Date"]
        if (date, service, end) != (timestamp[:8], "sts", "aws4_request"):
            return None
        unsigned = "&".join(
            part for part in parts.query.split("&") if not part.startswith("X-Amz-Signature=")
        )
        return _Request(
            url=parts._replace(path="/", query=unsigned).geturl(),
            host=parts.netloc,
            access_key_id=access_key_id,
            region=region,
            timestamp=timestamp,
            time=dt.datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC),
            session_token=query.get("X-Amz-Security-Token"),
            expires=int(query["X-Amz-Expires"]),
            signature=query["X-Amz-Signature"],
        )
    except (ValueError, KeyError):
        return None
