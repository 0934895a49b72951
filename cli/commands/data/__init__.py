"""`atelier data`: datasets on this machine, before a run reads them."""

from __future__ import annotations

import typer

from cli.commands.data import check, convert, dedup, split, stats

group = typer.Typer(
    help="Check, convert, split and look at datasets (JSON Lines).",
    no_args_is_help=True,
    add_completion=False,
)
for module in (check, convert, split, dedup, stats):
    group.command()(getattr(module, module.__name__.rpartition(".")[2]))
