"""One rank as a process: what its ends look like from outside, on a cluster of either kind."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.jobs.training_loop import Stopped
from localcloud.trainer.model.ranks import InvalidRanks, Ranks

log = logging.getLogger(__name__)


def run_rank(work: Callable[[Ranks], None], environ: Mapping[str, str]) -> None:
    """Do the work of this process and end with the exit code of what came of it.

    What goes wrong is one message on stderr; in a pod it is its termination message too.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    for library in ("botocore", "jax"):
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        ranks = Ranks.from_environ(environ)
        if not ranks.is_first:
            logging.getLogger().setLevel(logging.WARNING)
        work(ranks)
        ranks.part()
    except Stopped as stopped:
        log.warning("%s", stopped)
        _leave(128 + signal.SIGTERM)
    except (JobFailed, InvalidRanks) as failure:
        _fail(str(failure), environ)
    except Exception as error:
        log.exception("the rank ended with an error of its own")
        _fail(f"{type(error).__name__}: {error}", environ)


def _fail(message: str, environ: Mapping[str, str]) -> None:
    sys.stderr.write(f"{message}\n")
    root = environ.get("ATELIER_ROOT")
    if root is not None:
        # Kubernetes' default terminationMessagePath, below the folder that is the container's root here.
        path = Path(root) / "dev" / "termination-log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(message)
    _leave(1)


def _leave(code: int) -> None:
    """End although other ranks go on: they hear of it at once, by their connections, which close.

    Python's own way out would say farewell to them first, and wait for them while they wait for this one.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
