"""The environments: one module each, registered by being in this folder.

To add one, write `<name>.py` with a constant that is the name in capitals:
`QA = replace(DEV, name="qa", account="444444444444", ...)`. Modules whose names begin with `_` are left out.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from config import InvalidConfiguration

if TYPE_CHECKING:
    from config.model import Environment


class Environments(Mapping[str, "Environment"]):
    """Environments by name, in alphabetical order whatever the file system's is.

    A module is imported when its environment is read: names cost no import, and a mistake in one environment
    does not stop the deployment of another.
    """

    def __init__(self, package: str, folders: Iterable[str]) -> None:
        self._package = package
        self._folders = folders

    def __iter__(self) -> Iterator[str]:
        found = (module.name for module in pkgutil.iter_modules(self._folders))
        return iter(sorted(name for name in found if not name.startswith("_")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return any(name == known for known in self)

    def __getitem__(self, name: str) -> Environment:
        from config.model import Environment

        if name not in self:
            raise KeyError(name)
        environment = getattr(import_module(f"{self._package}.{name}"), name.upper(), None)
        if not isinstance(environment, Environment) or environment.name != name:
            got = getattr(environment, "name", environment)
            raise InvalidConfiguration(
                f"{self._package}.{name}: {name.upper()} must be an Environment with the name {name!r}, "
                f"got {got!r}"
            )
        return environment


ENVIRONMENTS: Mapping[str, Environment] = Environments(__name__, __path__)


def environment_named(name: object) -> Environment:
    """The environment that `-c env=<name>` selects. No default: a forgotten flag must reach no account."""
    if not isinstance(name, str) or name not in ENVIRONMENTS:
        given = "nothing" if name is None else repr(name)
        raise InvalidConfiguration(f"-c env= must be one of {', '.join(ENVIRONMENTS)}; got {given}")
    return ENVIRONMENTS[name]
