"""A self-contained recipe of SageMakerPublicHub and its rows in the catalogue.

A synced recipe does not need the hub again: a run keeps the recipe that it was started with, addressed by
its SHA-256.
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
            raise ValueError(f"not a synced recipe; expected the keys {', '.join(sorted(names))}")
        return TypeAdapter(cls).validate_python(content)

    @property
    def sha256(self) -> str:
        """The SHA-256 of `to_bytes`, by which the recipe is stored."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @property
    def origin(self) -> str:
        """The recipe's origin, for reports."""
        return f"hub {self.version} {self.sha256[:12]}"

    @property
    def row_name(self) -> str:
        """The name of its template and image rows.

        The hub's name alone is ambiguous: a shipped recipe may have it, and two platforms share it.
        """
        return f"{self.name}@{self.platform}#{self.sha256[:12]}"

    def keys(self) -> tuple[Key, ...]:
        """The recipe's keys. UnreadableTemplate when the template is of an unknown form."""
        return keys_of(self.template, self.overrides, is_helm=self.platform == _HELM_PLATFORM)

    def template_row(self, sibling: Template | None) -> Template:
        """Its keys as a template of the catalogue.

        The hub does not publish the dataset format and the checkpoint settings: the shipped `sibling` has
        them.
        """
        keys = self.keys()
        checkpoints = sibling.checkpoints if sibling else None
        has_settings = checkpoints and (
            {checkpoints.saved_by, checkpoints.measured_by} <= {key.name for key in keys} | {None}
        )
        return Template(
            name=self.row_name,
            source=self._source,
            dataset=(sibling.dataset if sibling else None) or self.technique,
            checkpoints=checkpoints if has_settings else None,
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
        """Its container image, known only in the region that the recipe was read from."""
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
    """The recipe at an address that ends in its SHA-256; None when missing, unreadable or different."""
    try:
        data = read(uri)
        recipe = HubRecipe.from_bytes(data)
        recipe.keys()
    except (FileNotFoundError, ValueError, UnreadableTemplate):
        return None
    return recipe if uri.endswith(f"/{hashlib.sha256(data).hexdigest()}.json") else None
