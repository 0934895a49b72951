"""Keep MiniStack's state on disk while it runs: by itself it saves only when it ends well.

S3 objects and the records of our own services are written as they change; the rest is saved here, every few seconds
in which somebody asked for something. A killed cloud therefore forgets at most those seconds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import ministack.app
from ministack.core import persistence

logger = logging.getLogger("atelier.cloud")
INTERVAL_SECONDS = 5.0


def save() -> None:
    """Write every service's state."""
    persistence.save_all(ministack.app._build_persistence_save_dict())


def save_regularly(requests: Callable[[], int]) -> None:
    """Save in a thread of its own whenever `requests()` has grown since the last time."""
    logging.getLogger("persistence").setLevel(logging.WARNING)

    def run() -> None:
        seen = requests()
        while True:
            threading.Event().wait(INTERVAL_SECONDS)
            if requests() != seen:
                seen = requests()
                save()

    threading.Thread(target=run, name="checkpoints", daemon=True).start()
