"""Help texts with the names of dataset formats, imported only when help is shown."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

FORMATS, TARGETS, LAYOUTS = "{formats}", "{targets}", "{layouts}"


class FormatsInHelp(TyperCommand):
    """A command whose options' help may hold FORMATS, TARGETS or LAYOUTS."""

    def format_help(self, *arguments: Any, **named: Any) -> None:
        """Write the help with the names in it."""
        names = {FORMATS: _formats, TARGETS: _targets, LAYOUTS: _layouts}
        for option in self.params:
            text = getattr(option, "help", None) or ""
            for placeholder, read in names.items():
                if placeholder in text:
                    text = text.replace(placeholder, read())
                    option.help = text  # type: ignore[attr-defined]  # an option's, as the text is
        super().format_help(*arguments, **named)


def _formats() -> str:
    from atelier.datasets import Format

    return _listed(list(Format))


def _targets() -> str:
    from atelier.datasets.transform import targets

    return _listed(list(targets.TARGETS))


def _layouts() -> str:
    from atelier.datasets.transform.sources import Source

    return _listed(list(Source))


def _listed(names: list[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} or {last}"
