"""Every format, found in the modules of this package."""

from __future__ import annotations

from enum import EnumType, StrEnum
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from atelier.datasets import formats
from atelier.datasets.definition import Definition, registered
from atelier.datasets.fast_path.records import with_fast_path
from atelier.datasets.rules.requirements import Requirements

for _module in iter_modules(formats.__path__):
    if not __name__.endswith(f".{_module.name}"):
        import_module(f"{formats.__name__}.{_module.name}")


class _Registered(EnumType):
    if TYPE_CHECKING:

        def __getattr__(cls, name: str) -> Format: ...


class Format(StrEnum, metaclass=_Registered):
    """One layout of rows, by the name that `--technique`, run files and recipes use."""

    vars().update({_definition.name.upper(): _definition.name for _definition in registered()})


DEFINITIONS: dict[Format, Definition] = {
    Format(definition.name): definition if definition.fast_path else with_fast_path(definition)
    for definition in registered()
}


def documented(format: Format) -> Requirements:  # noqa: A002 - the field's word
    """The requirements that AWS's guides state for a file of the format; none for most."""
    return DEFINITIONS[format].requirements
