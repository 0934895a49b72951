"""The catalogue: rows of the data files in catalogue/, each file read on first use.

A function that starts a job needs one base model. Reading the files of every other family would take longer
than the rest of its cold start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import yaml
from pydantic import BaseModel, TypeAdapter

from atelier.recipes.availability import InstanceType, Release
from atelier.recipes.images import Images
from atelier.recipes.rows import BaseModelRow, EvaluationRow, RecipeRow, Template, TrainingRow
from atelier.recipes.tasks import Task

if TYPE_CHECKING:
    from atelier.recipes.hub.recipe import HubRecipe

_FOLDERS = [parent / "catalogue" for parent in Path(__file__).parents[1:3]]
DATA = next(filter(Path.is_dir, _FOLDERS), _FOLDERS[-1])
"""The data folder: inside the package in a wheel, next to it in a checkout and in a function's code."""
_RELEASE, _TASKS = "release.yaml", "tasks.yaml"

# libyaml, where PyYAML has it, parses ten times faster, which shortens a cold start.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Row = TypeVar("_Row", bound=RecipeRow)
_Model = TypeVar("_Model", bound=BaseModel)

_MAPPINGS = TypeAdapter(tuple[dict[str, Any], ...])


class Rows(Sequence[_Row], Generic[_Row]):
    """Recipe rows by family of base models; each family is read on first use."""

    def __init__(self, families: Sequence[str], read: Callable[[str], tuple[_Row, ...]]) -> None:
        self._families = families
        self._read = cache(read)

    @classmethod
    def fixed(cls, rows: Sequence[_Row]) -> Rows[_Row]:
        """Rows that are already in memory; `of` returns all of them for every family."""
        return cls(("",), lambda _family: tuple(rows))

    def of(self, family: str) -> tuple[_Row, ...]:
        """The rows of a family; none when it has none."""
        if self._families == ("",):
            return self._read("")
        return self._read(family) if family in self._families else ()

    def __iter__(self) -> Iterator[_Row]:
        return (row for family in self._families for row in self._read(family))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @overload
    def __getitem__(self, index: int) -> _Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Row]: ...
    def __getitem__(self, index: int | slice) -> _Row | Sequence[_Row]:
        return tuple(self)[index]


class Templates(Mapping[str, Template]):
    """Templates by name, each read from the file of that name on first use."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.stem: path for path in _files(folder)}
        self._read: dict[str, Template] = {}

    def __getitem__(self, name: str) -> Template:
        if name not in self._read:
            self._read[name] = Template.model_validate(_read(self._files[name]))
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All rows. A test checks that every name in a row refers to an existing row.

    `published`: the hub recipes behind those rows that come from AWS's hub, by the name of their template.
    """

    base_models: Mapping[str, BaseModelRow]
    templates: Mapping[str, Template]
    training: Rows[TrainingRow]
    evaluation: Rows[EvaluationRow]
    tasks: Mapping[str, Task]
    images: Images
    instance_types: Mapping[str, InstanceType]
    release: Release
    published: Mapping[str, HubRecipe] = field(default_factory=dict)

    def training_of(self, base_model: str) -> tuple[TrainingRow, ...]:
        """The training recipes for runs of this base model."""
        rows = self.training.of(self.base_models[base_model].family)
        return tuple(row for row in rows if base_model in row.base_models)

    def evaluation_of(self, base_model: str) -> tuple[EvaluationRow, ...]:
        """The recipes that evaluate this base model, customized or not."""
        rows = self.evaluation.of(self.base_models[base_model].family)
        return tuple(row for row in rows if row.base_model == base_model)

    def image_uri(self, name: str, region: str) -> str:
        """Address of an image in a region; UnsupportedCombination where it is not published."""
        return self.images.uri(name, region)


@cache
def catalogue() -> Catalogue:
    """The catalogue that Atelier ships, read once per process."""
    return load(DATA)


@cache
def release() -> Release:
    """The content of release.yaml, without the rest of the catalogue."""
    return Release.model_validate(_read(DATA / _RELEASE))


@cache
def tasks() -> Mapping[str, Task]:
    """The evaluation tasks by name, without the rest of the catalogue."""
    return _by_name(_all(Task, DATA / _TASKS))


def load(folder: Path) -> Catalogue:
    """The catalogue in a folder."""
    base_models = (
        BaseModelRow.model_validate({"family": path.stem} | row)
        for path in _files(folder / "base_models")
        for row in _MAPPINGS.validate_python(_read(path))
    )
    return Catalogue(
        base_models=_by_name(base_models),
        templates=Templates(folder / "templates"),
        training=_rows(TrainingRow, folder / "training"),
        evaluation=_rows(EvaluationRow, folder / "evaluation"),
        tasks=_by_name(_all(Task, folder / _TASKS)),
        images=Images.model_validate(_read(folder / "images.yaml")),
        instance_types=_by_name(_all(InstanceType, folder / "instance_types.yaml")),
        release=Release.model_validate(_read(folder / _RELEASE)),
    )


def _rows(kind: type[_Row], folder: Path) -> Rows[_Row]:
    return Rows(
        tuple(path.stem for path in _files(folder)),
        lambda family: _all(kind, folder / f"{family}.yaml"),
    )


def _all(kind: type[_Model], path: Path) -> tuple[_Model, ...]:
    return TypeAdapter(tuple[kind, ...]).validate_python(_read(path))  # type: ignore[valid-type]


def _by_name(rows: Any) -> dict[str, Any]:
    return {row.name: row for row in rows}


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def _read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506 - a safe loader, in C
