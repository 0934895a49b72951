"""Watches: what is there now or what has happened since a revision, and then every event, none lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Any

from localcloud.kubernetes.errors import bad_request
from localcloud.kubernetes.objects import Object
from localcloud.kubernetes.resources import Resource
from localcloud.kubernetes.selectors import Predicate
from localcloud.kubernetes.store import Event, Store

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
DEFAULT_SECONDS = 1800


@dataclass(frozen=True)
class Watch:
    """One watch as a request asks for it; `revision` "" or "0" is from now, with what is there first."""

    resource: Resource
    namespace: str | None
    selects: Predicate
    revision: str = ""
    seconds: int = DEFAULT_SECONDS
    with_initial_events: bool | None = None
    with_bookmarks: bool = False

    async def events(self, store: Store) -> AsyncGenerator[dict[str, Any], None]:
        """Watch events until the time is over. Expired (410) when the revision is too old."""
        loop = asyncio.get_running_loop()
        arriving: asyncio.Queue[Event] = asyncio.Queue()
        with store.lock:
            before = self._before(store)
            start = store.revision
            unsubscribe = store.subscribe(lambda event: loop.call_soon_threadsafe(arriving.put_nowait, event))
        try:
            for each in before:
                yield each
            if self.with_initial_events:
                yield self._bookmark(start, {INITIAL_EVENTS_END: "true"})
            deadline = loop.time() + self.seconds
            while (left := deadline - loop.time()) > 0:
                try:
                    event = await asyncio.wait_for(arriving.get(), left)
                except TimeoutError:
                    break
                start = event.revision
                for each in self._seen(event):
                    yield each
            if self.with_bookmarks:
                yield self._bookmark(start, {})
        finally:
            unsubscribe()

    def _before(self, store: Store) -> list[dict[str, Any]]:
        from_now = self.revision in ("", "0")
        if self.with_initial_events or (self.with_initial_events is None and from_now):
            there = store.objects(self.resource, self.namespace)
            return [{"type": "ADDED", "object": item} for item in there if self.selects(item)]
        if from_now:
            return []
        if not self.revision.isdigit():
            raise bad_request(f"resourceVersion must be a number, got {self.revision!r}")
        return [each for event in store.since(int(self.revision)) for each in self._seen(event)]

    def _seen(self, event: Event) -> Iterator[dict[str, Any]]:
        """The event as this watch sees it: objects that begin or cease to match come and go."""
        if event.key.resource != self.resource or self.namespace not in (None, event.key.namespace):
            return
        was = event.previous is not None and self.selects(event.previous)
        is_now = event.kind != "DELETED" and self.selects(event.object)
        if was or is_now:
            kind = "MODIFIED" if was and is_now else "ADDED" if is_now else "DELETED"
            yield {"type": kind, "object": event.object}

    def _bookmark(self, revision: int, annotations: dict[str, str]) -> dict[str, Any]:
        metadata: Object = {"resourceVersion": str(revision)}
        if annotations:
            metadata["annotations"] = annotations
        return {
            "type": "BOOKMARK",
            "object": {
                "kind": self.resource.kind,
                "apiVersion": self.resource.api_version,
                "metadata": metadata,
            },
        }
