"""`atelier recipes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

group = typer.Typer(
    help="What can be trained how and where: the catalogue of recipes.", invoke_without_command=True
)

_Cache = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        envvar="ATELIER_HUB_CACHE",
        help="Where recipes from AWS's hub are kept. Default: .atelier/hub.",
    ),
]


@group.callback()
def recipes(
    context: typer.Context,
    model: Annotated[str | None, typer.Option(metavar="M", help="Only of this base model.")] = None,
    technique: Annotated[str | None, typer.Option(metavar="T", help="Only that train so: sft, dpo …")] = None,
    adaptation: Annotated[str | None, typer.Option(metavar="A", help="Only lora, or only full.")] = None,
    platform: Annotated[str | None, typer.Option(metavar="P", help="Only that run here.")] = None,
    region: Annotated[
        str | None, typer.Option(metavar="R", help="Only that run in this region; with --sync: the hub's.")
    ] = None,
    task: Annotated[str | None, typer.Option(metavar="T", help="Only that evaluate this task.")] = None,
    from_hub: Annotated[bool, typer.Option("--hub", help="List the recipes synced from AWS's hub.")] = False,
    sync: Annotated[
        bool, typer.Option("--sync", help="Fetch what AWS's hub publishes now, of --model or of all.")
    ] = False,
    cache: _Cache = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a machine, with every bound.")] = False,
) -> None:
    """List recipes: of one base model, or with any other filter; without one, the base models."""
    if context.invoked_subcommand:
        return
    from atelier.recipes.listing import Filter
    from cli.recipes import lists as recipe_lists

    if sync:
        raise typer.Exit(recipe_lists.sync(model, region=region, cache=cache))
    filters = Filter(
        model=model, technique=technique, adaptation=adaptation, platform=platform, region=region, task=task
    )
    rows = recipe_lists.rows_of(from_hub, region, cache)
    recipe_lists.show(rows, filters, as_json=as_json, as_overview=not filters and not from_hub)


@group.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A recipe, as `atelier recipes` lists it.")],
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="The file that AWS's container reads, with the defaults.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a machine.")] = False,
    from_hub: Annotated[bool, typer.Option("--hub", help="The recipe as AWS's hub has it.")] = False,
    region: Annotated[
        str | None, typer.Option(metavar="R", help="With --hub: the region synced from.")
    ] = None,
    cache: _Cache = None,
) -> None:
    """Show one recipe: where it runs, every hyperparameter with its bounds, where its model can serve."""
    from cli.recipes import lists as recipe_lists

    rows = recipe_lists.rows_of(from_hub, region, cache)
    recipe_lists.show_one(rows, name, as_yaml=as_yaml, as_json=as_json)
