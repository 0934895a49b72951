"""The catalogue's rows, read from the data files in recipes/ and checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, model_validator

from atelier.recipes.images import Images
from atelier.recipes.rows import (
    BaseModelRow,
    EvaluationRow,
    Frozen,
    InstanceType,
    RecipeRow,
    Release,
    Template,
    TrainingRow,
)

DATA = Path(__file__).parents[2] / "recipes"

# libyaml where the wheel brings it: ten times faster, which a cold function feels.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Row = TypeVar("_Row", bound=BaseModel)


class Catalogue(Frozen):
    """All rows, with every reference between them resolved at load time."""

    base_models: Mapping[str, BaseModelRow]
    templates: Mapping[str, Template]
    training: tuple[TrainingRow, ...]
    evaluation: tuple[EvaluationRow, ...]
    images: Images
    release: Release
    instance_types: Mapping[str, InstanceType]

    @model_validator(mode="after")
    def _references_exist(self) -> Catalogue:
        images = {image.name for image in self.images.images} | {None}
        platforms = {platform.name for platform in self.release.platforms}
        for row in (*self.training, *self.evaluation):
            if (
                row.base_model not in self.base_models
                or row.template not in self.templates
                or not {on.image for on in row.platforms.values()} <= images
                or not row.platforms.keys() <= platforms
            ):
                raise ValueError(
                    f"recipe {row.name} names a base model, template, platform or image that has no row"
                )
            self._settings_exist(row)
        return self

    def _settings_exist(self, row: RecipeRow) -> None:
        keys = self.templates[row.template].keys
        unknown = (set(row.defaults) | set(row.bounds) | set(row.disputed)) - {key.name for key in keys}
        unknown |= set(row.document) - {key.path for key in keys}
        if unknown:
            raise ValueError(f"recipe {row.name} sets {sorted(unknown)}, which {row.template} does not have")

    def image_uri(self, name: str, region: str) -> str:
        """Address of an image in a region; UnsupportedCombination where it is not published."""
        return self.images.uri(name, region)


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once a process."""
    return load(DATA)


def load(folder: Path) -> Catalogue:
    """Read and check the data files of a folder."""
    templates = [Template.model_validate(_read(path)) for path in _files(folder / "templates")]
    base_models = [
        BaseModelRow.model_validate({"family": path.stem} | row)
        for path in _files(folder / "base_models")
        for row in _read(path)
    ]
    return Catalogue(
        base_models={row.name: row for row in base_models},
        templates={template.name: template for template in templates},
        training=_rows(TrainingRow, folder / "training"),
        evaluation=_rows(EvaluationRow, folder / "evaluation"),
        images=Images.model_validate(_read(folder / "images.yaml")),
        instance_types={
            row["name"]: InstanceType.model_validate(row) for row in _read(folder / "instance_types.yaml")
        },
        release=Release.model_validate(_read(folder / "release.yaml")),
    )


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def _rows(kind: type[_Row], folder: Path) -> tuple[_Row, ...]:
    rows = [row for path in _files(folder) for row in _read(path)]
    return TypeAdapter(tuple[kind, ...]).validate_python(rows)  # type: ignore[valid-type]


def _read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506 - a safe loader, in C
