"""Records of a service, in memory and on disk: what a service says it has, it still has after a restart."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, TypeVar

from localcloud.common.files import replace_text

T = TypeVar("T")


class Records(Generic[T]):
    """Dataclass records by ARN, one JSON file each; `lock` makes a read and the write after it one step."""

    def __init__(self, folder: Path, read: Callable[..., T]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self._folder = folder
        self._records: dict[str, T] = {}
        for path in sorted(folder.glob("*.json")):
            stored = json.loads(path.read_text())
            self._records[stored["arn"]] = read(**stored["record"])

    def get(self, arn: str) -> T | None:
        with self.lock:
            return self._records.get(arn)

    def all(self) -> list[T]:
        with self.lock:
            return list(self._records.values())

    def put(self, arn: str, record: T) -> None:
        """Keep the record; when this returns it is on disk."""
        document: dict[str, Any] = {"arn": arn, "record": asdict(record)}  # type: ignore[call-overload]
        with self.lock:
            self._records[arn] = record
            replace_text(self._path(arn), json.dumps(document))

    def remove(self, arn: str) -> None:
        with self.lock:
            self._records.pop(arn, None)
            self._path(arn).unlink(missing_ok=True)

    def _path(self, arn: str) -> Path:
        return self._folder / f"{hashlib.sha256(arn.encode()).hexdigest()[:32]}.json"
