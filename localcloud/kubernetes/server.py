"""Serve clusters over TLS on loopback: one port each, in the event loop of the embedded cloud."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from localcloud.gate import Application


async def serve(application: Application, port: int, certificate: Path, private_key: Path) -> None:
    """Serve a cluster's API until cancelled; clients that watch do not hold it up."""
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.certfile, config.keyfile = str(certificate), str(private_key)
    # Kubernetes' clients speak HTTP/1.1 as well, whose watches need no flow control.
    config.alpn_protocols = ["http/1.1"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0
    await hypercorn_serve(application, config, shutdown_trigger=asyncio.Event().wait)
