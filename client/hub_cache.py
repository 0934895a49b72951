"""Synced hub recipes on this machine: one file a recipe, named by its content, and an index written last."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atelier.recipes.hub.document import Skipped
from atelier.recipes.hub.recipe import HubRecipe
from client.errors import ClientFailed
from client.home import home

FOLDER_VARIABLE = "ATELIER_HUB_CACHE"


@dataclass(frozen=True)
class Changes:
    """What a sync of one base model changed, by recipe and platform."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


class HubCache:
    """The recipes of one region. An interrupted sync leaves the previous index and its files."""

    def __init__(self, root: Path, region: str) -> None:
        self._folder = root / region
        self._index_file = self._folder / "index.json"

    @classmethod
    def of_region(cls, region: str, root: Path | None = None) -> HubCache:
        """The cache in `root`, else in the folder named by ATELIER_HUB_CACHE, else in ATELIER_HOME."""
        named = os.environ.get(FOLDER_VARIABLE)
        return cls(root or (Path(named) if named else home() / "hub"), region)

    @property
    def folder(self) -> Path:
        """The folder of the cached recipes."""
        return self._folder

    def models(self) -> Mapping[str, str]:
        """The version in the hub of every base model that was synced."""
        return {name: entry["hub_version"] for name, entry in self._index().items()}

    def recipes(self, base_model: str | None = None) -> tuple[HubRecipe, ...]:
        """The synced recipes, of one base model or of all. ClientFailed when a file was changed."""
        return tuple(
            self._read(listed)
            for name, entry in self._index().items()
            if base_model in (None, name)
            for listed in entry["recipes"]
        )

    def store(
        self, base_model: str, *, hub_version: str, recipes: Iterable[HubRecipe], skipped: Iterable[Skipped]
    ) -> Changes:
        """Replace the recipes of a base model; unchanged files are not written."""
        index = self._index()
        before = {_label(listed): listed for listed in index.get(base_model, {"recipes": []})["recipes"]}
        after: dict[str, Any] = {}
        for recipe in sorted(recipes, key=lambda recipe: (recipe.name, recipe.platform)):
            listed = _listed(recipe)
            after[_label(listed)] = listed
            _write_whole(self._folder / listed["file"], recipe.to_bytes())
        index[base_model] = {
            "hub_version": hub_version,
            "recipes": list(after.values()),
            "skipped": [asdict(entry) for entry in skipped],
        }
        self._write_index(index)
        same = {label for label in after if label in before and before[label] == after[label]}
        for stale in {listed["file"] for listed in before.values()} - {
            listed["file"] for listed in after.values()
        }:
            (self._folder / stale).unlink(missing_ok=True)
        return Changes(
            added=tuple(label for label in after if label not in before),
            changed=tuple(label for label in after if label in before and label not in same),
            removed=tuple(label for label in before if label not in after),
            unchanged=tuple(sorted(same)),
        )

    def _index(self) -> dict[str, Any]:
        try:
            models: dict[str, Any] = json.loads(self._index_file.read_bytes())["models"]
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError) as error:
            message = f"{self._index_file} is no index of recipes: delete {self._folder} and sync again"
            raise ClientFailed(message) from error
        return models

    def _write_index(self, models: Mapping[str, Any]) -> None:
        content = json.dumps({"models": dict(sorted(models.items()))}, indent=1).encode() + b"\n"
        _write_whole(self._index_file, content)

    def _read(self, listed: Mapping[str, Any]) -> HubRecipe:
        path = self._folder / listed["file"]
        again = "`atelier recipes --sync` fetches it again"
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ClientFailed(f"{path}: {error.strerror}; {again}") from error
        if hashlib.sha256(data).hexdigest() != listed["sha256"]:
            raise ClientFailed(f"{path} is not what was synced (another SHA-256); {again}")
        try:
            return HubRecipe.from_bytes(data)
        except ValueError as error:
            raise ClientFailed(f"{path}: {error}; {again}") from error


def _listed(recipe: HubRecipe) -> dict[str, str]:
    return {
        "name": recipe.name,
        "platform": recipe.platform,
        "version": recipe.version,
        "sha256": recipe.sha256,
        "file": f"{recipe.base_model}/{recipe.name}.{recipe.platform}.{recipe.sha256[:12]}.json",
    }


def _label(listed: Mapping[str, Any]) -> str:
    return f"{listed['name']} ({listed['platform']})"


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically, unless it has this content already."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        new.write(content)
    Path(new.name).replace(path)
