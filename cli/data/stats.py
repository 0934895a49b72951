"""`atelier data stats`: a dataset in figures and bars, on the terminal and as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from rich import filesize
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from atelier.datasets.transform.stats import CHARACTERS_A_TOKEN, Distribution, Stats, stats
from cli.data.output import published
from cli.data.progress import progress
from cli.data.source import Source

BINS = 12
MOST_NAMES = 12
_BAR_WIDTH = 32
_QUANTILES = {"least": 0.0, "median": 0.5, "95 %": 0.95, "99 %": 0.99, "most": 1.0}


def stats_of(source: Source) -> Stats:
    """Count a dataset in one pass."""
    with progress(source) as advance, source.open() as stream:
        return stats(stream, advance)


def view(name: str, counted: Stats) -> RenderableType:
    """A summary of the file, the distributions as quantiles, then each as bars."""
    head = Text.assemble((name, "bold"), f"  {summary(counted)}")
    if not counted.rows:
        return head
    parts: list[RenderableType] = [head, Text(), _table(quantiles(counted))]
    for title, bars in charts(counted).items():
        parts += [Text(), Text(title, style="bold"), _bars(bars)]
    return Group(*parts)


def write_page(path: Path, name: str, counted: Stats) -> None:
    """The same as one self-contained HTML file with charts."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from atelier.report.charts import draw_bars

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    page = environment.get_template("dataset_page.html.j2").render(
        name=name,
        summary=summary(counted),
        quantiles=quantiles(counted),
        charts=[
            {"title": title, "svg": draw_bars(bars, key=str(index))}
            for index, (title, bars) in enumerate(charts(counted).items())
        ],
    )
    with published(str(path), option="--html") as file:
        file.write(page.encode())


def summary(counted: Stats) -> str:
    """Rows, size and roughly how many tokens."""
    definitions = counted.definitions // CHARACTERS_A_TOKEN
    of_them = f", {definitions:,} of them definitions of tools" if definitions else ""
    return (
        f"{counted.rows:,} rows, {filesize.decimal(counted.bytes)}, about {counted.tokens:,} tokens{of_them} "
        f"(characters / {CHARACTERS_A_TOKEN}, as in English: other text has more)"
    )


def quantiles(counted: Stats) -> list[list[str]]:
    """Quantiles per row: a line of titles, then a line for each distribution."""
    lines = [["a row has", *_QUANTILES]]
    for name in ("turns", "words", "characters"):
        distribution: Distribution = getattr(counted, name)
        lines.append([name, *(f"{distribution.quantile(share):,}" for share in _QUANTILES.values())])
    return lines


def charts(counted: Stats) -> dict[str, dict[str, int]]:
    """A chart: counts by label, under a title."""
    return {
        "rows by characters": _binned(counted.characters),
        "rows by turns": _binned(counted.turns),
        "rows by tool called": _named(counted.tools),
        "texts by role": _named(counted.roles),
    }


def _binned(distribution: Distribution) -> dict[str, int]:
    bins = distribution.bins(BINS)
    return {f"{low:,}" if low == high else f"{low:,} - {high:,}": count for low, high, count in bins}


def _named(counts: Counter[str]) -> dict[str, int]:
    """The most frequent names, and all others as one."""
    named = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    first = dict(list(named.items())[:MOST_NAMES])
    others = len(named) - len(first)
    return first | ({f"({others:,} others)": counts.total() - sum(first.values())} if others else {})


def _table(lines: list[list[str]]) -> Table:
    table = Table(*lines[0], box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for line in lines[1:]:
        table.add_row(*line)
    return table


def _bars(bars: Mapping[str, int]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right")
    table.add_column()
    table.add_column(justify="right")
    most = max(bars.values(), default=0)
    for label, count in bars.items():
        table.add_row(Text(label), Bar(most, 0, count, width=_BAR_WIDTH, color="cyan"), f"{count:,}")
    return table
