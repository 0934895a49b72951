"""The catalogue's rows as types, and the loader of the data files in recipes/.

One row a fact, each with its source. More platforms, techniques or base models are more rows: nothing here
names one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from atelier.errors import UnsupportedCombination
from atelier.recipes.bounds import Bounds, Dispute, Value

DATA = Path(__file__).parents[2] / "recipes"

# libyaml where the wheel brings it: ten times faster, which a cold function feels.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Row = TypeVar("_Row", bound=BaseModel)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BaseModelRow(_Frozen):
    """A base model. `model` is what a recipe calls it; no `environments` means that all have it."""

    name: str
    model_type: str
    model: str
    environments: tuple[str, ...] = ()
    deployments: Mapping[str, tuple[str, ...]]
    source: str

    def is_available_in(self, environment: str) -> bool:
        """True when the environment can customize it."""
        return not self.environments or environment in self.environments


class Key(_Frozen):
    """One key of a recipe document, at a dotted path; settable from a run file when it has a `name`."""

    path: str
    name: str | None = None
    type: Literal["int", "float", "bool", "str"] | None = None
    adaptation: str | None = None
    default: Value = None
    filled_with: Literal["job_name", "model_type", "model", "replicas"] | None = None
    same_as: str | None = None
    bounds: Bounds = Bounds()
    disputed: Dispute | None = None


class Template(_Frozen):
    """The keys of a kind of recipe, in the order in which AWS writes them."""

    name: str
    source: str
    keys: tuple[Key, ...]

    def keys_of(self, adaptation: str | None) -> tuple[Key, ...]:
        """The keys that a recipe of this adaptation has."""
        return tuple(key for key in self.keys if key.adaptation in (None, adaptation))


class DisputedReplicas(_Frozen):
    """Replica counts that only some of AWS's own sources allow."""

    values: tuple[int, ...]
    note: str


class RecipeRow(_Frozen):
    """A recipe that trains or evaluates; its bounds and defaults, by name, override the template's."""

    name: str
    base_model: str
    platforms: tuple[str, ...]
    template: str
    image: str
    instance_types: Annotated[tuple[str, ...], Field(min_length=1)]
    replicas: Annotated[tuple[int, ...], Field(min_length=1)]
    disputed_replicas: DisputedReplicas | None = None
    defaults: Mapping[str, Value] = {}
    bounds: Mapping[str, Bounds] = {}
    instance_bounds: Mapping[str, Mapping[str, Bounds]] = {}
    disputed: Mapping[str, Dispute] = {}
    source: str

    @property
    def accepted_replicas(self) -> tuple[int, ...]:
        """Replica counts that at least one of AWS's sources allows."""
        return self.replicas + (self.disputed_replicas.values if self.disputed_replicas else ())

    def default_of(self, key: Key) -> Value:
        """The value of a key that nobody set."""
        return self.defaults.get(key.name, key.default) if key.name else key.default

    def bounds_of(self, key: Key, instance_type: str) -> Bounds:
        """What a key may be on an instance type."""
        name = key.name or ""
        return self.instance_bounds.get(instance_type, {}).get(name) or self.bounds.get(name, key.bounds)

    def dispute_of(self, key: Key) -> Dispute | None:
        """The narrower limits that some sources state."""
        return self.disputed.get(key.name or "", key.disputed)


class TrainingRow(RecipeRow):
    """A recipe that trains."""

    technique: str
    adaptation: str


class EvaluationRow(RecipeRow):
    """A recipe that evaluates."""

    task: str


class Registry(_Frozen):
    """Accounts that hold the images, by region."""

    name: str
    accounts: Mapping[str, str]
    source: str


class Image(_Frozen):
    """A container image of training jobs."""

    name: str
    registry: str
    repository: str
    tag: str


class Images(_Frozen):
    """Where the containers are."""

    registries: tuple[Registry, ...]
    images: tuple[Image, ...]


class Catalogue(_Frozen):
    """All rows, with every reference between them resolved at load time."""

    base_models: Mapping[str, BaseModelRow]
    templates: Mapping[str, Template]
    training: tuple[TrainingRow, ...]
    evaluation: tuple[EvaluationRow, ...]
    images: Images

    @model_validator(mode="after")
    def _references_exist(self) -> Catalogue:
        images = {image.name for image in self.images.images}
        for row in (*self.training, *self.evaluation):
            if (
                row.base_model not in self.base_models
                or row.template not in self.templates
                or row.image not in images
            ):
                raise ValueError(f"recipe {row.name} names a base model, template or image that has no row")
            names = {key.name for key in self.templates[row.template].keys}
            unknown = (set(row.defaults) | set(row.bounds) | set(row.disputed)) - names
            if unknown:
                raise ValueError(
                    f"recipe {row.name} sets {sorted(unknown)}, which {row.template} does not have"
                )
        return self

    def regions_of(self, image: str) -> tuple[str, ...]:
        """The regions in which an image is published."""
        return tuple(self._registry_of(self._image(image)).accounts)

    def image_uri(self, name: str, region: str) -> str:
        """Address of an image in a region; UnsupportedCombination where it is not published."""
        image = self._image(name)
        accounts = self._registry_of(image).accounts
        if region not in accounts:
            raise UnsupportedCombination(
                f"region = {region!r}: image {name} is published in {', '.join(accounts)}"
            )
        return f"{accounts[region]}.dkr.ecr.{region}.amazonaws.com/{image.repository}:{image.tag}"

    def _image(self, name: str) -> Image:
        return next(image for image in self.images.images if image.name == name)

    def _registry_of(self, image: Image) -> Registry:
        return next(registry for registry in self.images.registries if registry.name == image.registry)


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once a process."""
    return load(DATA)


def load(folder: Path) -> Catalogue:
    """Read and check the data files of a folder."""
    templates = [
        Template.model_validate(_read(path)) for path in sorted((folder / "templates").glob("*.yaml"))
    ]
    return Catalogue(
        base_models={row.name: row for row in _rows(BaseModelRow, folder / "base_models.yaml")},
        templates={template.name: template for template in templates},
        training=_rows(TrainingRow, folder / "training.yaml"),
        evaluation=_rows(EvaluationRow, folder / "evaluation.yaml"),
        images=Images.model_validate(_read(folder / "images.yaml")),
    )


def _rows(kind: type[_Row], path: Path) -> tuple[_Row, ...]:
    return TypeAdapter(tuple[kind, ...]).validate_python(_read(path))  # type: ignore[valid-type]


def _read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506 - a safe loader, in C
