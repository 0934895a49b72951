"""The embedded cloud of this machine, found by the record that it keeps while it runs."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from client.errors import NotReachable
from client.home import home

if TYPE_CHECKING:
    import boto3

# The embedded cloud's root user; it listens on loopback only.
_ACCESS_KEY = _SECRET_KEY = "test"  # noqa: S105
_CONNECT_SECONDS = 5.0


def embedded_session() -> tuple[boto3.Session, dict[str, str]]:
    """A session as the embedded cloud's root user, and keyword arguments for its clients.

    NotReachable when no embedded cloud runs.
    """
    import boto3

    try:
        record = json.loads((home() / "cloud.json").read_text())
        address = urlsplit(record["endpoint_url"])
        socket.create_connection((address.hostname, address.port), _CONNECT_SECONDS).close()
    except (OSError, ValueError, LookupError) as error:
        raise NotReachable("the embedded cloud is not running: `atelier up`") from error
    session = boto3.Session(
        aws_access_key_id=_ACCESS_KEY, aws_secret_access_key=_SECRET_KEY, region_name=record["region"]
    )
    return session, {"endpoint_url": record["endpoint_url"], "verify": record["ca_bundle"]}
