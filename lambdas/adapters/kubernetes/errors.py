"""Map answers of the Kubernetes API, and missing answers, to the domain's errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import urllib3

from atelier.errors import (
    AccessRefused,
    AtelierError,
    CapacityUnavailable,
    RequestRefused,
    ServiceUnavailable,
    Throttled,
)


def message_in(body: bytes) -> str:
    """What a `Status` object says; the text itself where a proxy answered instead."""
    try:
        content = json.loads(body)
    except ValueError:
        return " ".join(body.decode(errors="replace").split())[:500]
    message = content.get("message") if isinstance(content, dict) else None
    return str(message or content)


def error_of(status: int, body: bytes, *, action: str, resource: str) -> AtelierError:
    """The error for a refusal of `action` (a verb and a resource: `create pytorchjobs`) on `resource`."""
    message = message_in(body)
    if status == 403 and "exceeded quota" in message:
        return CapacityUnavailable(f"{action} on {resource}: {message}")
    if status == 401:
        return AccessRefused(
            f"{action} on {resource} was refused (401): the cluster does not know the role behind the token; "
            f"an access entry of the cluster lets it in: {message}"
        )
    if status == 403:
        return AccessRefused(f"{action} on {resource} was refused (403): {message}")
    if status == 429:
        return Throttled(f"{action} on {resource}: 429: {message}")
    kind = ServiceUnavailable if status >= 500 else RequestRefused
    return kind(f"{action} on {resource}: {status}: {message}")


@contextmanager
def reaching(url: str, *, action: str) -> Iterator[None]:
    """Run one call; errors of urllib3 leave as the domain's errors."""
    try:
        yield
    except urllib3.exceptions.MaxRetryError as error:
        if isinstance(error.reason, urllib3.exceptions.SSLError):
            raise _untrusted(url, action, error.reason) from error
        raise ServiceUnavailable(f"{action}: {url} cannot be reached: {error.reason}") from error
    except urllib3.exceptions.SSLError as error:
        raise _untrusted(url, action, error) from error
    except urllib3.exceptions.HTTPError as error:
        raise ServiceUnavailable(f"{action}: {url} cannot be reached: {error}") from error


def _untrusted(url: str, action: str, error: Exception) -> RequestRefused:
    return RequestRefused(f"{action}: {url} does not prove that it is the cluster: {error}")
