"""The loop that runs the controllers: every change names objects to look at, and each is looked at anew.

Level-triggered, as Kubernetes' controllers are: what is done depends on what is there, not on what happened.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from localcloud.kubernetes.objects import Key
from localcloud.kubernetes.store import Event, Store

logger = logging.getLogger("atelier.cloud")
RETRY_SECONDS = 1.0


class Controller(Protocol):
    """One kind of work."""

    def concerns(self, event: Event) -> Iterable[Key]:
        """The objects to look at because of an event; called under the store's lock."""

    def reconcile(self, key: Key) -> float | None:
        """Do what is due for an object that may be gone; the seconds after which to look again, if ever."""


class ControlLoop:
    """One thread for all controllers of a cluster: none of their work takes long."""

    def __init__(self, store: Store, controllers: Sequence[Controller]) -> None:
        self._store = store
        self._controllers = controllers
        self._wake = threading.Condition()
        self._due: dict[tuple[int, Key], None] = {}
        self._later: dict[tuple[int, Key], float] = {}
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="kubernetes-controllers", daemon=True)

    def start(self) -> None:
        with self._store.lock:
            for event in self._store.everything():
                self._notice(event)
            self._unsubscribe = self._store.subscribe(self._notice)
        self._thread.start()

    def close(self) -> None:
        """Stop after the piece of work in hand."""
        self._unsubscribe()
        with self._wake:
            self._is_closed = True
            self._wake.notify()
        self._thread.join()

    def _notice(self, event: Event) -> None:
        named = [
            (number, key)
            for number, controller in enumerate(self._controllers)
            for key in controller.concerns(event)
        ]
        if named:
            with self._wake:
                self._due |= dict.fromkeys(named)
                self._wake.notify()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            number, key = work
            try:
                again = self._controllers[number].reconcile(key)
            except Exception:
                logger.exception("%s %s/%s", key.resource.kind, key.namespace, key.name)
                again = RETRY_SECONDS
            if again is not None:
                with self._wake:
                    at = time.monotonic() + again
                    self._later[work] = min(at, self._later.get(work, at))

    def _next(self) -> tuple[int, Key] | None:
        """The next piece of work, when there is one; None when the loop is closed."""
        with self._wake:
            while not self._is_closed:
                now = time.monotonic()
                for work in [work for work, at in self._later.items() if at <= now]:
                    del self._later[work]
                    self._due[work] = None
                if self._due:
                    work = next(iter(self._due))
                    del self._due[work]
                    return work
                self._wake.wait(min(self._later.values()) - now if self._later else None)
        return None
