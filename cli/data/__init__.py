"""`atelier data`: datasets on this machine, before a run reads them."""

from __future__ import annotations

import typer

from cli.data.check_command import check
from cli.data.convert_command import convert
from cli.data.dedup_command import dedup
from cli.data.formats_in_help import FormatsInHelp
from cli.data.split_command import split
from cli.data.stats_command import stats

group = typer.Typer(
    help="Check, convert, split and look at datasets (JSON Lines).",
    no_args_is_help=True,
    add_completion=False,
)
for command in (check, convert, split, dedup, stats):
    group.command(cls=FormatsInHelp)(command)
