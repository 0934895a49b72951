"""`python -m agent --config FILE`: the agent, until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import os
import signal
from pathlib import Path

import boto3
from botocore.config import Config as ClientConfig

from .composition import build
from .config import Config, InvalidConfig
from .heartbeat import version
from .record import HeldByAnother, hold

# A receive waits for 20 seconds at the service.
_CLIENT_CONFIG = ClientConfig(
    connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 4}
)

logger = logging.getLogger(__name__)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="agent", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("/etc/atelier/agent.json"))
    parser.add_argument("--check", action="store_true", help="read the configuration and end")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    arguments = parser.parse_args()
    try:
        config = Config.load(arguments.config)
    except InvalidConfig as error:
        parser.error(str(error))
    if arguments.check:
        return
    clients = {
        name: boto3.client(name, region_name=config.region, config=_CLIENT_CONFIG) for name in ("s3", "sqs")
    }
    state = Path(os.environ.get("STATE_DIRECTORY") or config.own_folder)
    try:
        held = hold(state)
    except HeldByAnother as error:
        parser.exit(1, f"{error}\n")
    with held:
        service = build(config, s3=clients["s3"], sqs=clients["sqs"], state=state)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        logger.info("agent_started: %s for %s", version(), config.cluster)
        service.run()


if __name__ == "__main__":
    main()
