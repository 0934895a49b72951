"""The objects on disk: one SQLite file a cluster, as etcd is the memory of a real one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from localcloud.kubernetes.objects import Object


class Storage:
    """Documents by the store's name for them, and the revision of the last write.

    Used under the store's lock. A crash of the machine may lose the last writes, a crash of the process none.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE IF NOT EXISTS objects (name TEXT PRIMARY KEY, document TEXT)")
        self._database.execute("CREATE TABLE IF NOT EXISTS revision (number INTEGER)")
        self._database.execute("INSERT INTO revision SELECT 0 WHERE NOT EXISTS (SELECT number FROM revision)")

    def revision(self) -> int:
        (number,) = self._database.execute("SELECT number FROM revision").fetchone()
        return int(number)

    def load(self) -> Iterator[Object]:
        for (document,) in self._database.execute("SELECT document FROM objects ORDER BY name"):
            yield json.loads(document)

    def put(self, name: str, document: Object, revision: int) -> None:
        self._database.execute("BEGIN")
        self._database.execute("INSERT OR REPLACE INTO objects VALUES (?, ?)", (name, json.dumps(document)))
        self._database.execute("UPDATE revision SET number = ?", (revision,))
        self._database.execute("COMMIT")

    def remove(self, name: str, revision: int) -> None:
        self._database.execute("BEGIN")
        self._database.execute("DELETE FROM objects WHERE name = ?", (name,))
        self._database.execute("UPDATE revision SET number = ?", (revision,))
        self._database.execute("COMMIT")

    def close(self) -> None:
        self._database.close()
