"""Save MiniStack's state while it runs; by itself it saves only at a regular end.

S3 objects and the records of our own services are written as they change; the rest is saved here, every
quarter of a minute with requests. A killed cloud loses no more than that.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import ministack.app
from ministack.core import persistence

from localcloud.common.files import replace_text

logger = logging.getLogger("atelier.cloud")
INTERVAL_SECONDS = 15.0


class Checkpoints:
    """Writes each service's state as MiniStack would, and only when it differs from what is on disk."""

    def __init__(self) -> None:
        self._folder = Path(persistence.STATE_DIR)
        self._written: dict[str, str] = {}
        self._lock = threading.Lock()

    def save(self) -> None:
        """Write what changed. A service whose state changes while it is read is left for the next time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            for service, state in ministack.app._build_persistence_save_dict().items():
                try:
                    self._save(service, state())
                except RuntimeError as error:
                    logger.warning("%s is saved later: %s", service, error)

    def save_regularly(self, requests: Callable[[], int]) -> None:
        """Save in a thread of its own whenever `requests()` has grown since the last time."""

        def run() -> None:
            seen = requests()
            while True:
                threading.Event().wait(INTERVAL_SECONDS)
                if requests() != seen:
                    seen = requests()
                    self.save()

        threading.Thread(target=run, name="checkpoints", daemon=True).start()

    def _save(self, service: str, state: object) -> None:
        if state is None:
            return
        document = json.dumps(
            {"__ministack_format__": persistence._state_format_version(service), "payload": state},
            default=persistence._json_default,
        )
        digest = hashlib.sha256(document.encode()).hexdigest()
        if self._written.get(service) == digest:
            return
        replace_text(self._folder / f"{service}.json", document)
        self._written[service] = digest
