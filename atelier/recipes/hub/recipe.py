"""A recipe of SageMakerPublicHub, whole and self-contained, and the catalogue rows that it stands for.

Synced once, it needs no hub again: a run keeps the very recipe it was started with, addressed by its content.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pydantic import TypeAdapter

from atelier.recipes.hub.template import UnreadableTemplate, keys_of
from atelier.recipes.images import Image, Registry
from atelier.recipes.rows import Key, OnPlatform, Reward, Template, TrainingRow

_HELM_PLATFORM = "hyperpod-eks"
_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<repository>[^:]+):(?P<tag>.+)"
)


@dataclass(frozen=True, kw_only=True)
class HubRecipe:
    """A recipe for one base model and platform, as the hub of one region published it.

    `template` is the file's text, `overrides` its override spec.
    """

    name: str
    base_model: str
    technique: str
    reward: Reward | None
    adaptation: str
    platform: str
    version: str
    region: str
    instance_types: tuple[str, ...]
    replicas: tuple[int, ...]
    image_uri: str | None
    template: str
    overrides: Mapping[str, Mapping[str, Any]]

    def to_bytes(self) -> bytes:
        """Canonical JSON: equal recipes have equal bytes."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> HubRecipe:
        """The recipe that `to_bytes` wrote. ValueError for anything else."""
        content = json.loads(data)
        names = {field.name for field in fields(cls)}
        if not isinstance(content, dict) or content.keys() != names:
            raise ValueError(f"not a synced recipe; it has the keys {', '.join(sorted(names))}")
        return TypeAdapter(cls).validate_python(content)

    @property
    def sha256(self) -> str:
        """What the recipe is called wherever it is kept."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @property
    def origin(self) -> str:
        """What a report says about where the recipe came from."""
        return f"hub {self.version} {self.sha256[:12]}"

    @property
    def row_name(self) -> str:
        """The name of its row; the hub's name alone is also a shipped recipe's, and serves two platforms."""
        return f"{self.name}@{self.platform}#{self.sha256[:12]}"

    def keys(self) -> tuple[Key, ...]:
        """The recipe's keys. UnreadableTemplate when the template is of an unknown form."""
        return keys_of(self.template, self.overrides, is_helm=self.platform == _HELM_PLATFORM)

    def template_row(self, sibling: Template | None) -> Template:
        """Its keys as a template of the catalogue.

        How its data must look and how it saves checkpoints is not in the hub: the shipped `sibling` says.
        """
        keys = self.keys()
        saves = sibling.checkpoints if sibling else None
        can_be_told = saves and {saves.saved_by, saves.measured_by} <= {key.name for key in keys} | {None}
        return Template(
            name=self.row_name,
            source=self._source,
            dataset=(sibling.dataset if sibling else None) or self.technique,
            checkpoints=saves if can_be_told else None,
            keys=keys,
        )

    def row(self) -> TrainingRow:
        """Its row in the catalogue."""
        return TrainingRow(
            name=self.name,
            base_model=self.base_model,
            technique=self.technique,
            reward=self.reward,
            adaptation=self.adaptation,
            platforms={self.platform: OnPlatform(image=self.row_name if self.image_uri else None)},
            template=self.row_name,
            instance_types=self.instance_types,
            replicas=self.replicas,
            source=self._source,
            origin=self.origin,
        )

    def image(self) -> tuple[Registry, Image] | None:
        """Where its container is: in one region, the one that the recipe was read from."""
        match = _IMAGE.fullmatch(self.image_uri or "")
        if match is None:
            return None
        accounts = {match["region"]: match["account"]}
        registry = Registry(name=self.row_name, accounts=accounts, source=self._source)
        image = Image(
            name=self.row_name, registry=self.row_name, repository=match["repository"], tag=match["tag"]
        )
        return registry, image

    @property
    def _source(self) -> str:
        return f"SageMakerPublicHub {self.name} {self.version} in {self.region}, sha256 {self.sha256}"


def read_hub_recipe(uri: str, read: Callable[[str], bytes]) -> HubRecipe | None:
    """The recipe at an address that its content names; None when it is gone, unreadable or another one."""
    try:
        data = read(uri)
        recipe = HubRecipe.from_bytes(data)
        recipe.keys()
    except (FileNotFoundError, ValueError, UnreadableTemplate):
        return None
    return recipe if uri.endswith(f"/{hashlib.sha256(data).hexdigest()}.json") else None
