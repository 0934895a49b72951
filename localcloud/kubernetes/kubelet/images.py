"""Images as programs: what runs when a container names an image and no command."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from localcloud.common.home import REPOSITORY, Home, project_python
from localcloud.common.programs import BaseModel, BaseModelMissing, Programs

logger = logging.getLogger("atelier.cloud")

# Amazon Nova's images and the tiny model's own stand for one program, which reads from the recipe what to do.
_JOBS = frozenset(
    {
        "atelier-tiny:latest",
        "nova-fine-tune-repo:SM-HP-SFT-latest",
        "nova-fine-tune-repo:SM-HP-SFT-V2-latest",
        "nova-fine-tune-repo:SM-HP-DPO-latest",
        "nova-evaluation-repo:SM-HP-Eval-V2-latest",
    }
)
_INIT = "init-container-repo:latest"
_REGISTRY = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/(?P<name>\S+)")


@dataclass(frozen=True)
class Program:
    """What an image stands for: its entrypoint and arguments, where it works, what it finds on its PATH."""

    entrypoint: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    working_directory: Path = REPOSITORY
    environ: Mapping[str, str] = field(default_factory=dict)
    search_path: tuple[Path, ...] = ()

    def command(self, container: Mapping[str, object], fill: Callable[[str], str]) -> list[str]:
        """What to run: `command` replaces the entrypoint and its arguments, `args` the arguments.

        `fill` makes the container's own words words of this machine, which the program's are already.
        """
        command, arguments = container.get("command"), container.get("args")
        entrypoint = list(map(fill, command)) if isinstance(command, list) else list(self.entrypoint)
        if isinstance(arguments, list):
            return [*entrypoint, *map(fill, arguments)]
        return entrypoint if isinstance(command, list) else [*entrypoint, *self.arguments]


class Images(Protocol):
    """The registries that nodes pull from."""

    def find(self, image: str) -> Program | None:
        """None for an image that cannot be pulled."""


class TinyImages:
    """What the embedded cloud's nodes can pull, from whichever account of ECR and region."""

    def __init__(self, job: Program, base_model: BaseModel) -> None:
        self._job = job
        self._base_model = base_model

    def find(self, image: str) -> Program | None:
        """Waits for the base model, which its image brings; None as well when it cannot be made."""
        named = _REGISTRY.fullmatch(image)
        if named is None:
            return None
        if named["name"] == _INIT:
            # Nova's init containers prepare a file system that is here already.
            return Program(entrypoint=("true",))
        if named["name"] not in _JOBS:
            return None
        try:
            self._base_model.folder()
        except BaseModelMissing as error:
            logger.warning("%s: %s", image, error)
            return None
        return self._job


def images(home: Home, programs: Programs, base_model: BaseModel) -> Images:
    """The images of every cluster of the embedded cloud."""
    job = Program(
        entrypoint=(str(project_python()), "-m", programs.pod),
        environ={"ATELIER_BASE_MODELS": str(home.base_models)},
    )
    return TinyImages(job, base_model)
