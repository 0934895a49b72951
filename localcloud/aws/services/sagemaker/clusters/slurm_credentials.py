"""A credentials endpoint for processes that outlive a role's temporary credentials.

The container credentials endpoint of the SDKs (SDK reference guide, "Container credential provider"):
loopback, plain HTTP, and a token in the header Authorization. SDKs come back before the credentials expire.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypedDict

import boto3

from localcloud.aws.services.authorization import SESSION_SECONDS


class ContainerCredentials(TypedDict):
    """An answer of the endpoint; the field names are the SDKs'."""

    AccessKeyId: str
    SecretAccessKey: str
    Token: str
    Expiration: str


class CredentialsEndpoint:
    """Serves a new session from `session` for every request with the token."""

    def __init__(self, session: Callable[[], boto3.Session]) -> None:
        token = secrets.token_urlsafe(32)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                given = self.headers.get("Authorization", "")
                if not secrets.compare_digest(given.encode(), token.encode()):
                    self._answer(401, {"message": "the header Authorization has not the endpoint's token"})
                    return
                try:
                    self._answer(200, _credentials(session()))
                except Exception as error:
                    # A role that is gone, for example: only the process waits for this error.
                    self._answer(400, {"message": str(error)})

            def _answer(self, status: int, document: Mapping[str, object]) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                """No line for every request."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._environ = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{self._server.server_port}/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
        }
        threading.Thread(target=self._server.serve_forever, name="credentials", daemon=True).start()

    def environ(self) -> dict[str, str]:
        """Variables with which an SDK finds the endpoint."""
        return dict(self._environ)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _credentials(session: boto3.Session) -> ContainerCredentials:
    found = session.get_credentials()
    assert found is not None
    frozen = found.get_frozen_credentials()
    expiration = datetime.now(UTC) + timedelta(seconds=SESSION_SECONDS)
    return {
        "AccessKeyId": str(frozen.access_key),
        "SecretAccessKey": str(frozen.secret_key),
        "Token": str(frozen.token),
        "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
