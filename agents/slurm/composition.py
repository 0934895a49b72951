"""The agent's parts, put together."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .config import Config
from .fetch import Fetcher
from .messages import Queue
from .reconcile import Reconciler
from .record import Records
from .reporting import Reporter
from .service import Service
from .slurm import Slurm
from .status_reporter import StatusReporter
from .store import Store


def build(
    config: Config,
    *,
    s3: Any,
    sqs: Any,
    slurm: Slurm | None = None,
    state: Path | None = None,
    now: Callable[[], float] = time.time,
) -> Service:
    """The agent of a cluster before its clients of S3 and SQS.

    `state` is where it keeps its records: systemd's StateDirectory on a controller.
    """
    slurm = slurm or Slurm()
    records = Records(state or config.own_folder, jobs=config.jobs_folder)
    store = Store(s3=s3, config=config)
    reporter = Reporter(store=store, records=records, now=now)
    reconciler = Reconciler(
        config=config,
        store=store,
        records=records,
        slurm=slurm,
        fetcher=Fetcher(s3=s3, downloads=config.downloads_folder, transfers=config.transfers),
        reporter=reporter,
        now=now,
    )
    return Service(
        config=config,
        messages=Queue(sqs=sqs, config=config),
        store=store,
        records=records,
        reconciler=reconciler,
        status_reporter=StatusReporter(config=config, records=records, slurm=slurm, reporter=reporter, s3=s3),
        now=now,
    )
