"""The process of the embedded cloud: MiniStack, extended, on one loopback port.

Run as `python -m localcloud.server --home DIR --port N` by the cloud's own interpreter, in the repository.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Any

from localcloud import certificate
from localcloud.common.home import ACCOUNT_ID, REGION, Home
from localcloud.common.request_gate import RequestGate

logger = logging.getLogger("atelier.cloud")
DRAIN_SECONDS = 2.0


def configure(home: Home, port: int) -> None:
    """Set MiniStack's variables. It reads them when it is imported, so this comes first."""
    os.environ.update(
        {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
            "AUTH": "true",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(home.certificate),
            "MINISTACK_SSL_KEY": str(home.private_key),
            # Functions inherit these: the only endpoint they speak to is this one.
            "AWS_CA_BUNDLE": str(home.certificate),
            "SSL_CERT_FILE": str(home.certificate),
            # Two listeners MiniStack opens beside its port.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # A Docker daemon on the machine is none of our business.
            "DOCKER_HOST": f"unix://{home.temporary}/no-docker.sock",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(home.state / "ministack"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(home.objects),
            "LAMBDA_EXECUTOR": "local",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "INFO"),
        }
    )


async def serve(home: Home, port: int) -> None:
    """Serve until SIGTERM or SIGINT; then our services end their processes, and the state is saved."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    from localcloud.aws import bootstrap as extension
    from localcloud.aws.checkpoints import Checkpoints

    services = extension.install(home, port)
    gate = RequestGate(extension.application())
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.certfile, config.keyfile = str(home.certificate), str(home.private_key)
    config.keep_alive_timeout = 75
    asyncio.get_running_loop().set_exception_handler(_report)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # Hypercorn's own way to stop waits for clients to close their idle TLS connections, up to half a minute.
    server = asyncio.create_task(hypercorn_serve(gate, config, shutdown_trigger=asyncio.Event().wait))
    checkpoints = Checkpoints()
    checkpoints.save_regularly(lambda: gate.passed)
    await asyncio.wait({server, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if server.done():
        server.result()
    logger.info("stopping")
    await asyncio.to_thread(services.close)
    await gate.shut(DRAIN_SECONDS)
    checkpoints.save()
    logger.info("stopped")
    # Threads that wait (executions on tokens, functions on timeouts) would hold up an ordinary end.
    logging.shutdown()
    os._exit(0)


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what no one caught. A connection left open by its client, or ended with its cluster, is no news."""
    if not isinstance(context.get("exception"), TimeoutError | asyncio.CancelledError):
        loop.default_exception_handler(context)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    home = Home(arguments.home)
    configure(home, arguments.port)
    certificate.ensure(home.certificate, home.private_key)
    asyncio.run(serve(home, arguments.port))


if __name__ == "__main__":
    main()
