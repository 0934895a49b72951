"""`python -m agent --config FILE`: the agent, until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import signal
import time
from pathlib import Path

import boto3
from botocore.config import Config as ClientConfig

from .attending import Attendant
from .config import Config, InvalidConfig
from .fetch import Fetcher
from .follower import Follower
from .heartbeat import version
from .messages import Queue
from .record import Records
from .reporting import Reporter
from .service import Service
from .slurm import Slurm
from .store import Store

# A receive waits for 20 seconds at the service.
_CLIENT_CONFIG = ClientConfig(
    connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 4}
)

logger = logging.getLogger(__name__)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="agent", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("/etc/atelier/agent.json"))
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    parser.add_argument("--check", action="store_true", help="read the configuration and end")
    asked = parser.parse_args()
    try:
        config = Config.load(asked.config)
    except InvalidConfig as error:
        parser.error(str(error))
    if asked.check:
        return
    service = _service(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    logger.info("agent_started: %s for %s", version(), config.cluster)
    service.run()


def _service(config: Config) -> Service:
    s3 = boto3.client("s3", region_name=config.region, config=_CLIENT_CONFIG)
    sqs = boto3.client("sqs", region_name=config.region, config=_CLIENT_CONFIG)
    store, records, slurm = Store(s3=s3, config=config), Records(config.jobs_folder), Slurm()
    reporter = Reporter(store=store, records=records, now=time.time)
    return Service(
        config=config,
        messages=Queue(sqs=sqs, config=config),
        store=store,
        records=records,
        attendant=Attendant(
            config=config,
            store=store,
            records=records,
            slurm=slurm,
            fetcher=Fetcher(s3=s3, downloads=config.downloads_folder),
            reporter=reporter,
            now=time.time,
        ),
        follower=Follower(config=config, records=records, slurm=slurm, reporter=reporter, s3=s3),
        now=time.time,
    )


if __name__ == "__main__":
    main()
