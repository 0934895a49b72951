"""A Kubernetes API that stores, behind urllib3's connections: no socket, but the real pool's retries."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

Answer = tuple[int, bytes]
Violation = Callable[[], Answer]


def refusal(status: int, message: str = "the reason") -> Violation:
    """An answer that the cluster gives instead of what was asked."""
    body = json.dumps({"kind": "Status", "status": "Failure", "message": message, "code": status})
    return lambda: (status, body.encode())


def broken(error: Exception) -> Violation:
    """A connection that does not come about."""

    def fail() -> Answer:
        raise error

    return fail


class FakeKubernetes:
    """Objects by path. `faults` are taken instead of an answer, by (method, the last part of the path)."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.logs: dict[tuple[str, str], str] = {}
        self.violations: dict[tuple[str, str], list[Violation]] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.page = 1000
        self._uids = itertools.count(1)

    def fail(self, method: str, last: str, *violations: Violation) -> None:
        """The next calls of a method on paths that end so fail, each in its way."""
        self.violations.setdefault((method, last), []).extend(violations)

    def kinds(self) -> list[str]:
        """Kinds of everything that is there, in the order of its creation."""
        return [item["kind"] for item in self.objects.values()]

    def put(self, path: str, item: dict[str, Any]) -> dict[str, Any]:
        """Store what nobody asked this API for: a pod of a controller, an event, somebody else's object."""
        item["metadata"].setdefault("uid", f"uid-{next(self._uids)}")
        item["metadata"].setdefault("creationTimestamp", "2026-11-23T12:00:00Z")
        self.objects[f"{path}/{item['metadata']['name']}"] = item
        return item

    def one(self, kind: str) -> dict[str, Any]:
        """The first object of a kind."""
        return next(item for item in self.objects.values() if item["kind"] == kind)

    def answer(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """What the API says to one request."""
        parts = urlsplit(url)
        self.asked.append((method, url, dict(headers)))
        violations = self.violations.get((method, parts.path.rpartition("/")[2]))
        if violations:
            return violations.pop(0)()
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        sent = json.loads(body) if body else {}
        if method == "POST":
            return self._create(parts.path, sent)
        if method == "PATCH":
            return self._merge(parts.path, sent)
        if method == "DELETE":
            return self._delete(parts.path, sent, query)
        if parts.path.endswith("/log"):
            pod = parts.path.split("/")[-2]
            text = self.logs.get((pod, query["container"]))
            return (200, text.encode()) if text is not None else refusal(400, "waiting to start")()
        if parts.path in self.objects:
            return 200, json.dumps(self.objects[parts.path]).encode()
        if parts.path.count("/") == (5 if parts.path.startswith("/api/") else 6):
            return self._list(parts.path, query)
        return refusal(404, f"{parts.path} not found")()

    def _create(self, path: str, item: dict[str, Any]) -> Answer:
        name = item["metadata"]["name"]
        if f"{path}/{name}" in self.objects:
            return refusal(409, f'"{name}" already exists')()
        return 201, json.dumps(self.put(path, item)).encode()

    def _merge(self, path: str, patch: Mapping[str, Any]) -> Answer:
        if path not in self.objects:
            return refusal(404, "not found")()
        self.objects[path] = _merged(self.objects[path], patch)
        return 200, json.dumps(self.objects[path]).encode()

    def _delete(self, path: str, options: Mapping[str, Any], query: Mapping[str, str]) -> Answer:
        if path in self.objects:
            found = self.objects[path]
            wanted = options.get("preconditions", {}).get("uid", found["metadata"]["uid"])
            if wanted != found["metadata"]["uid"]:
                return refusal(409, "the UID in the precondition does not match")()
            self._remove(path)
        elif "labelSelector" in query:
            for child in [key for key in self._in(path) if _matches(self.objects[key], query)]:
                self._remove(child)
        else:
            return refusal(404, "not found")()
        return 200, b'{"kind": "Status", "status": "Success"}'

    def _remove(self, path: str) -> None:
        gone = self.objects.pop(path, None)
        if gone is None:
            return
        for child, item in list(self.objects.items()):
            owners = item["metadata"].get("ownerReferences", [])
            if any(owner["uid"] == gone["metadata"]["uid"] for owner in owners):
                self._remove(child)

    def _list(self, path: str, query: Mapping[str, str]) -> Answer:
        items = [self.objects[key] for key in self._in(path) if _matches(self.objects[key], query)]
        first = int(query.get("continue", "0"))
        last = first + min(self.page, int(query.get("limit", "1000")))
        more = str(last) if last < len(items) else ""
        without_kind = [
            {key: value for key, value in item.items() if key not in ("kind", "apiVersion")}
            for item in items[first:last]
        ]
        page = {"kind": "List", "metadata": {"continue": more}, "items": without_kind}
        return 200, json.dumps(page).encode()

    def _in(self, path: str) -> list[str]:
        return [key for key in self.objects if key.rpartition("/")[0] == path]


def _merged(item: Any, patch: Any) -> Any:
    """RFC 7396, without null: nothing here takes a field away."""
    if not isinstance(patch, Mapping) or not isinstance(item, Mapping):
        return patch
    return {**item, **{key: _merged(item.get(key), value) for key, value in patch.items()}}


def _matches(item: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    wanted = dict(term.split("=") for term in query.get("labelSelector", "").split(",") if term)
    labels = item["metadata"].get("labels") or {}
    fields = dict(term.split("=") for term in query.get("fieldSelector", "").split(",") if term)
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        item.get(key) == value for key, value in fields.items()
    )


def pool_to(api: FakeKubernetes) -> urllib3.PoolManager:
    """A pool whose connections lead to the fake."""

    class Connection(HTTPSConnection):
        is_verified = True
        is_closed = False
        is_connected = True

        def connect(self) -> None:
            pass

        def request(self, method: str, url: str, body: Any = None, headers: Any = None, **_: Any) -> None:
            self._answer = api.answer(method, url, body, headers or {})

        def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
            status, body = self._answer
            return urllib3.HTTPResponse(
                body=io.BytesIO(body), status=status, preload_content=False, request_method="GET"
            )

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

    manager = urllib3.PoolManager()
    manager.pool_classes_by_scheme = {"https": Pool}
    return manager
