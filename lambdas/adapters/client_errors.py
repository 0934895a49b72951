"""Map errors of botocore to classes of atelier/errors.py.

The workflow retries `Throttled` and `ServiceUnavailable` and gives up on the rest, so the line between them
is drawn here, once, for every adapter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError as BotoConnectionError,
    HTTPClientError,
    IncompleteReadError,
)

from atelier.errors import (
    AccessRefused,
    AtelierError,
    CapacityUnavailable,
    RequestRefused,
    ServiceUnavailable,
    Throttled,
)

_ACCESS = {
    "403",  # HeadObject has no body, hence no code but the status
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "KMSAccessDenied",
    "KMSAccessDeniedException",
    "KmsAccessDeniedException",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
}
_CAPACITY = {
    "CapacityError",
    "InsufficientCapacityException",
    "LimitExceededException",
    "ResourceLimitExceeded",
    "ServiceQuotaExceededException",
}
_THROTTLING = {
    "BandwidthLimitExceeded",
    "KMSThrottling",
    "KMSThrottlingException",
    "KmsThrottlingException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
_UNAVAILABLE = {
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "ModelNotReadyException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
}
_NETWORK = (BotoConnectionError, HTTPClientError, IncompleteReadError)
# IAM names the action it refused, which need not be the one that was called: iam:PassRole, kms:Decrypt …
_REFUSED_ACTION = re.compile(r"not authorized to perform:? (?P<action>[a-z0-9-]+:\w+)")


def error_code(error: ClientError) -> str:
    """The service's own name of what went wrong, e.g. `ResourceInUse`."""
    return error.response.get("Error", {}).get("Code", "Unknown")


def domain_error(error: ClientError | BotoCoreError, *, action: str, resource: str) -> AtelierError:
    """The domain's error for a failed call of `action` (as IAM writes it: `s3:GetObject`) on `resource`."""
    if not isinstance(error, ClientError):
        kind = ServiceUnavailable if isinstance(error, _NETWORK) else RequestRefused
        return kind(f"{action} on {resource}: {error}")
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = error.response.get("Error", {}).get("Message", "")
    if code in _ACCESS:
        named = _REFUSED_ACTION.search(message)
        return AccessRefused(
            f"{named['action'] if named else action} on {resource} was refused ({code}): {message}"
        )
    return _kind(code, status)(f"{action} on {resource}: {code}: {message}")


def _kind(code: str, status: int) -> type[AtelierError]:
    if code in _THROTTLING:
        return Throttled
    if code in _CAPACITY:
        return CapacityUnavailable
    if code in _UNAVAILABLE or status >= 500:
        return ServiceUnavailable
    return RequestRefused


@contextmanager
def domain_errors(action: str, resource: str) -> Iterator[None]:
    """Run calls of one action; errors of botocore leave as the domain's errors."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise domain_error(error, action=action, resource=resource) from error
