"""The catalogue on a terminal: base models, their recipes, and one recipe in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from atelier.recipes.catalogue import Catalogue
from atelier.recipes.listing import regions_of, reward_of, serves, settings_of, tasks_of, technique_of
from atelier.recipes.rows import SHIPPED, BaseModelRow, RecipeRow

_INDENT = (0, 0, 0, 2)
# The longest name of a recipe, its technique, three platforms and three instance types.
_ONE_LINE = 160


def overview(catalogue: Catalogue, *, width: int) -> RenderableType:
    """One line a base model: how it can be trained and, where there is room, how it can serve."""
    rows = tuple(catalogue.training)
    techniques = list(dict.fromkeys(row.technique for row in rows))
    is_wide = width >= _ONE_LINE
    table = _table("base model", *techniques, *(["serves on"] if is_wide else []))
    for name, base_model in catalogue.base_models.items():
        if base_model.customizable:
            own = [row for row in rows if name in row.base_models]
            cells = (_adaptations(row for row in own if row.technique == each) for each in techniques)
            served = [", ".join(base_model.deployments)] if is_wide else []
            table.add_row(name, *cells, *served)
    others = [row for row in catalogue.base_models.values() if not row.customizable]
    legend = Text("\nL: LoRA, F: all weights, +: makes data", style="dim")
    return Group(table, legend, *_not_customizable(others))


_LETTERS = {"lora": "L", "full": "F", None: "+"}


def _adaptations(rows: Iterable[RecipeRow]) -> str:
    """`L`, `F` or `LF`; `+` for a technique that adapts no weights."""
    return "".join(dict.fromkeys(_LETTERS[row.adaptation] for row in rows))


def _not_customizable(base_models: Sequence[BaseModelRow]) -> Iterator[RenderableType]:
    if not base_models:
        return
    yield Text("\ncannot be customized", style="bold")
    table = Table.grid(padding=(0, 2))
    for row in base_models:
        table.add_row(row.name, Text(row.instead or "", style="dim"))
    yield Padding(table, _INDENT)


def recipes(rows: Sequence[RecipeRow], catalogue: Catalogue, *, width: int) -> RenderableType:
    """The recipes of a list, grouped by base model; where a line is short, a recipe is two lines."""
    parts: list[RenderableType] = []
    order = list(catalogue.base_models)
    rows = sorted(rows, key=lambda row: order.index(row.base_model))
    for name, group in groupby(rows, key=lambda row: row.base_model):
        parts.append(Text.assemble(("\n" if parts else "") + name, style="bold"))
        layout = _wide if width >= _ONE_LINE else _narrow
        parts.append(Padding(layout(list(group)), _INDENT))
    return Group(*parts)


def _wide(rows: Sequence[RecipeRow]) -> Table:
    table = _table("recipe", "", "platforms", "runs on")
    for row in rows:
        table.add_row(row.name, _what(row), ", ".join(row.platforms), _instances(row))
    return table


def _narrow(rows: Sequence[RecipeRow]) -> Table:
    table = Table.grid(padding=(0, 2))
    for row in rows:
        where = f"{', '.join(row.platforms)}: {_instances(row)}"
        table.add_row(_what(row), Group(Text(row.name, no_wrap=True), Text(where, style="dim")))
    return table


def _what(row: RecipeRow) -> str:
    technique = technique_of(row)
    if technique is None:
        return "evaluation"
    return f"{technique} {row.adaptation or ''}".rstrip()


def _instances(row: RecipeRow) -> str:
    """`2, 4, 8 x ml.p5.48xlarge, ml.p4d.24xlarge`; how platforms differ is in the recipe's own view."""
    if not row.instance_types:
        return "managed"
    counts = ", ".join(map(str, sorted(row.replicas)))
    return f"{counts} x {', '.join(row.instance_types)}"


def recipe(row: RecipeRow, catalogue: Catalogue) -> RenderableType:
    """One recipe: platforms, settings, deployment targets and sources."""
    template = catalogue.templates[row.template]
    base_model = catalogue.base_models[row.base_model]
    settings = settings_of(row, template)
    parts: list[RenderableType] = [
        Text(row.name, style="bold"),
        _facts(
            ("base model", row.base_model),
            ("trains", " ".join(filter(None, (technique_of(row), row.adaptation)))),
            ("measures", ", ".join(tasks_of(row))),
            ("reward", _REWARDS.get(reward_of(row))),
            ("dataset", template.dataset),
            ("serves on", ", ".join(serves(base_model, row.adaptation)) if technique_of(row) else None),
            ("checkpoints", f"by {template.checkpoints.saved_by}" if template.checkpoints else None),
            ("origin", None if row.origin == SHIPPED else row.origin),
            ("source", row.source),
            ("file", template.not_rendered),
            ("note", row.note),
        ),
        Text("\nplatforms", style="bold"),
        *_platforms(row, catalogue),
    ]
    if settings:
        parts += [Text("\nhyperparameters" if technique_of(row) else "\ninference", style="bold")]
        table = _table("name", "default", "accepted")
        for setting in settings:
            accepted = [setting.bounds or _ANYTHING[setting.type]]
            accepted += [f"on {name}: {bounds}" for name, bounds in setting.on_instances.items()]
            if setting.dispute:
                accepted.append(setting.dispute)
            default = f"= {setting.same_as}" if setting.same_as else _value(setting.default)
            table.add_row(setting.name, default, "; ".join(accepted))
        parts.append(Padding(table, _INDENT))
    return Group(*parts)


_REWARDS: dict[str | None, str] = {
    "verifiable": "what a function finds",
    "judge": "what a model finds, the judge_model_id",
}
_ANYTHING = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a text", "": ""}


def _platforms(row: RecipeRow, catalogue: Catalogue) -> Iterator[RenderableType]:
    available = catalogue.release.available_platforms
    for platform, on in row.platforms.items():
        counts = list(map(str, row.replicas_on(platform)))
        others = f" (or {', '.join(counts[1:])})" if counts[1:] else ""
        disputed = row.disputed_replicas
        regions = regions_of(row, platform, catalogue)
        later = "" if platform in available else "  (not available in this release)"
        yield Padding(Text.assemble(platform, (later, "dim")), _INDENT)
        yield Padding(
            _facts(
                ("instances", ", ".join(row.instance_types_on(platform)) or "chosen by the platform"),
                ("replicas", f"{counts[0]}{others}" if counts else None),
                (
                    "disputed",
                    f"{', '.join(map(str, disputed.values))}: {disputed.note}"
                    if disputed and counts
                    else None,
                ),
                ("regions", ", ".join(regions)),
                ("image", catalogue.images.uri(on.image, regions[0]) if on.image and regions else None),
                ("note", on.note),
            ),
            (0, 0, 0, 4),
        )


def _facts(*facts: tuple[str, str | None]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in facts:
        if value:
            table.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    return table


def _table(first: str, *columns: str) -> Table:
    """A table without lines whose first column is never cut, so that it can be copied."""
    others = [Column(name, overflow="fold", header_style="dim") for name in columns]
    return Table(
        Column(first, no_wrap=True, header_style="dim"),
        *others,
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value) or "''"
