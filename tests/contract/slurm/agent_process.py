"""`python -m tests.contract.slurm.agent_process CONFIG CLOUD [POINT]`: the agent before a cloud in a folder.

At POINT, if one is given, it dies as by SIGKILL.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents.slurm import outputs
from agents.slurm.composition import build
from agents.slurm.config import Config
from agents.slurm.record import Record, Records
from agents.slurm.reporting import Reporter
from agents.slurm.slurm import Slurm
from tests.support.folder_cloud import FolderS3, FolderSqs

DIED = 9
# In the order in which a job that succeeds comes past them.
POINTS = ("taken on", "fetched", "sbatch", "recorded", "complete", "uploaded", "told")


def die_at(point: str) -> None:
    """Let this process die once it comes past a point."""
    match point:
        case "taken on":
            _die_after(Records, "create", lambda *_, **__: True)
        case "fetched":
            _die_after(Records, "move", lambda *_, **changes: changes.get("phase") == "submitting")
        case "sbatch":
            _die_after(Slurm, "submit", lambda *_, **__: True)
        case "recorded":
            _die_after(Records, "move", lambda *_, **changes: changes.get("phase") == "submitted")
        case "complete":
            _die_after(Records, "move", lambda *_, **changes: changes.get("phase") == "uploading")
        case "uploaded":
            _die_after(
                FolderS3, "upload_file", lambda _s3, _source, _bucket, key: key.endswith(outputs.MANIFEST)
            )
        case "told":
            _die_after(Reporter, "tell", lambda _self, _record, seen, **__: seen.state == "COMPLETED")
        case _:
            raise ValueError(point)


def _die_after(owner: type, name: str, is_there: Callable[..., bool]) -> None:
    original = getattr(owner, name)

    def dying(*arguments: Any, **named: Any) -> Record:
        answer: Record = original(*arguments, **named)
        if is_there(*arguments, **named):
            os._exit(DIED)
        return answer

    setattr(owner, name, dying)


def main(config: str, cloud: str, point: str = "") -> None:
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(levelname)s %(message)s")
    if point:
        die_at(point)
    folder = Path(cloud)
    service = build(Config.load(Path(config)), s3=FolderS3(folder), sqs=FolderSqs(folder / "queues"))
    signal.signal(signal.SIGTERM, lambda *_: service.stop())
    service.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
