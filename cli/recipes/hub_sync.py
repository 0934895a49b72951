"""`atelier recipes --sync`: fetch the hub's recipes for a base model, and report the changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from atelier.errors import AccessRefused
from atelier.recipes.hub.document import Entry, Skipped, entries_of
from atelier.recipes.hub.recipe import HubRecipe
from atelier.recipes.hub.template import UnreadableTemplate
from atelier.recipes.rows import BaseModelRow
from cli.failure import CommandFailed
from cli.recipes.public_hub import HUB, PublicHub
from client.hub_cache import Changes, HubCache

# A recipe is four small files: fetching them is waiting.
_CONNECTIONS = 8


@dataclass(frozen=True)
class Synced:
    """What a sync found for one base model. Without `hub_version` the region's hub has no such model."""

    base_model: str
    hub_version: str | None
    changes: Changes
    skipped: tuple[Skipped, ...]


def sync(hub: PublicHub, cache: HubCache, base_model: BaseModelRow, *, region: str) -> Synced:
    """Bring the cache up to date with the hub for one base model."""
    assert base_model.hub_name is not None
    content = hub.content(base_model.hub_name)
    if content is None:
        return Synced(base_model.name, None, Changes(), ())
    try:
        entries = list(entries_of(content.document))
    except ValueError as error:
        message = f"{HUB} {base_model.hub_name} {content.version}: its document is not what it was: {error}"
        raise CommandFailed(message) from error
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        found = [
            item
            for items in pool.map(lambda entry: list(_recipes(hub, entry, base_model.name, region)), entries)
            for item in items
        ]
    recipes = [item for item in found if isinstance(item, HubRecipe)]
    skipped = tuple(item for item in found if isinstance(item, Skipped))
    changes = cache.store(base_model.name, hub_version=content.version, recipes=recipes, skipped=skipped)
    return Synced(base_model.name, content.version, changes, skipped)


def _recipes(
    hub: PublicHub, entry: Entry | Skipped, base_model: str, region: str
) -> Iterator[HubRecipe | Skipped]:
    """The recipe for each platform that the entry has files for."""
    if isinstance(entry, Skipped):
        yield entry
        return
    try:
        texts = [
            (files.platform, hub.read(files.template_uri).decode(), json.loads(hub.read(files.overrides_uri)))
            for files in entry.files
        ]
    except AccessRefused as error:
        subscribers = "for subscribers of Nova Forge, and this account is none"
        yield Skipped(entry.name, subscribers if entry.needs_subscription else str(error))
        return
    except FileNotFoundError as error:
        yield Skipped(entry.name, f"the hub names a file that is not there: {error}")
        return
    except ValueError as error:
        yield Skipped(entry.name, f"its files cannot be read: {error}")
        return
    # A training job's own override spec has no `replicas`; HyperPod's has all that are allowed.
    replicas = _replicas(entry, [overrides for _, _, overrides in texts])
    for platform, template, overrides in texts:
        recipe = HubRecipe(
            name=entry.name,
            base_model=base_model,
            technique=entry.technique,
            reward=entry.reward,
            adaptation=entry.adaptation,
            platform=platform,
            version=entry.version,
            region=region,
            instance_types=entry.instance_types,
            replicas=replicas,
            image_uri=entry.image_uri if platform == "training-job" else None,
            template=template,
            overrides=overrides,
        )
        try:
            recipe.keys()
        except UnreadableTemplate as error:
            yield Skipped(f"{entry.name} ({platform})", f"its template cannot be read: {error}")
        else:
            yield recipe


def _replicas(entry: Entry, specs: list[Any]) -> tuple[int, ...]:
    """How many instances are allowed, the default first."""
    default = entry.instance_count or 1
    allowed = [count for spec in specs for count in spec.get("replicas", {}).get("enum") or ()]
    return tuple(dict.fromkeys([default, *allowed]))
