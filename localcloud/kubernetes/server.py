"""Serve clusters over TLS on loopback: one port each, in the event loop of the embedded cloud."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from localcloud.common.request_gate import Application

LOOPBACK = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """A socket that takes connections from now on, to be served soon; port 0 lets the system choose."""
    return socket.create_server((LOOPBACK, port))


async def serve(
    application: Application, listener: socket.socket | int, certificate: Path, private_key: Path
) -> None:
    """Serve a cluster's API, on a listener or a port, until cancelled; watches do not hold it up."""
    if isinstance(listener, int):
        listener = listen(listener)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.certfile, config.keyfile = str(certificate), str(private_key)
    # Kubernetes' clients speak HTTP/1.1 as well, whose watches need no flow control.
    config.alpn_protocols = ["http/1.1"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0
    await hypercorn_serve(application, config, shutdown_trigger=asyncio.Event().wait)
