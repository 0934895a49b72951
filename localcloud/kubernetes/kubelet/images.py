"""Images as programs: what runs when a container names an image and no command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from localcloud.home import REPOSITORY


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


class KnownImages:
    """Images by their exact names."""

    def __init__(self, programs: Mapping[str, Program]) -> None:
        self._programs = dict(programs)

    def find(self, image: str) -> Program | None:
        return self._programs.get(image)
