"""`atelier recipes`: lists of recipes, one recipe, and the sync with AWS's hub."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.text import Text

from atelier.problems import Problem, nearest, raise_for
from atelier.recipes.catalogue import Catalogue, catalogue
from atelier.recipes.hub_catalogue import with_hub_recipes
from atelier.recipes.listing import Filter, described, listed, named, with_defaults
from atelier.recipes.render import render
from atelier.recipes.rows import BaseModelRow, RecipeRow
from cli.console import err, out, wide
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed
from cli.recipes import views as recipe_views
from cli.recipes.hub_sync import Synced, sync as sync_model
from cli.recipes.public_hub import PublicHub
from client.hub_cache import HubCache

# Where AWS publishes every recipe; the environment may have no region yet when a person looks around.
_REGION = "us-east-1"


def rows_of(from_hub: bool, region: str | None, cache: Path | None) -> Catalogue:
    """The catalogue that is shipped, or the one with the hub's recipes that were synced."""
    if not from_hub:
        return catalogue()
    synced = HubCache.of_region(region or _REGION, cache)
    if not synced.models():
        again = f"atelier recipes --sync --region {region or _REGION}"
        raise CommandFailed(f"nothing was synced into {synced.folder}: `{again}`", ExitCode.INVALID)
    return with_hub_recipes(catalogue(), synced.recipes())


def show(rows: Catalogue, filters: Filter, *, as_json: bool, as_overview: bool) -> None:
    """Print the recipes of a list, or an overview of the base models."""
    found = listed(rows, filters)
    base_model = rows.base_models.get(filters.model or "")
    if as_json:
        out.print(json.dumps([described(row, rows) for row in found], indent=2), soft_wrap=True, markup=False)
        return
    if as_overview:
        _print(recipe_views.overview(rows, width=_console().width))
        err.print("\nmore: atelier recipes --model MODEL, atelier recipes show NAME", style="dim")
        return
    if base_model and not base_model.customizable:
        _print(Text(f"{base_model.name} cannot be customized: {base_model.instead}"))
    if found:
        _print(recipe_views.recipes(found, rows, width=_console().width))
    elif base_model is None or base_model.customizable:
        raise CommandFailed("no recipe matches all filters; remove one", ExitCode.INVALID)


def show_one(rows: Catalogue, name: str, *, as_yaml: bool, as_json: bool) -> None:
    """Print a recipe: its settings, or the file for AWS's container."""
    known = rows.base_models.get(name)
    if known and not known.customizable:
        out.print(Text(f"{name} cannot be customized: {known.instead}"))
        return
    row = named(rows, name)
    if as_yaml:
        out.print(rendered(row, rows), end="", soft_wrap=True, markup=False)
    elif as_json:
        out.print(json.dumps(described(row, rows), indent=2), soft_wrap=True, markup=False)
    else:
        _print(recipe_views.recipe(row, rows))


def _console() -> Console:
    """One line per recipe in a pipe, for grep; a pipe has no width."""
    return out if out.is_terminal else wide


def _print(shown: RenderableType) -> None:
    console = _console()
    with console.capture() as capture:
        console.print(shown)
    for line in capture.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def rendered(row: RecipeRow, rows: Catalogue) -> str:
    """The recipe's file with its defaults; values that only a job has are in angle brackets."""
    recipe = with_defaults(row, rows)
    if recipe.template.not_rendered:
        raise CommandFailed(f"{row.name} has no file here: {recipe.template.not_rendered}")
    fills: set[str] = {key.filled_with for key in recipe.keys if key.filled_with and not key.has_default}
    inputs = {fill: f"<{fill}>" for fill in fills - recipe.inputs.keys()}
    return render(recipe, job_name="<job_name>", model=recipe.base_model.model, inputs=inputs)


def sync(model: str | None, *, region: str | None, cache: Path | None) -> ExitCode:
    """Update the synced recipes, and print what changed."""
    region = region or _REGION
    models = _published(catalogue(), model)
    hub = hub_of_region(region)
    kept = HubCache.of_region(region, cache)
    results = []
    for base_model in models:
        with err.status(f"{base_model.name} …"):
            results.append(sync_model(hub, kept, base_model, region=region))
        _tell(results[-1], region)
    changed = any(result.changes for result in results)
    out.print(f"{'updated' if changed else 'nothing changed'}: {kept.folder}", soft_wrap=True)
    return ExitCode.OK if any(result.hub_version for result in results) else ExitCode.FAILED


def hub_of_region(region: str) -> PublicHub:
    """AWS's hub in a region, by the ordinary credential chain."""
    import boto3
    from botocore.exceptions import NoCredentialsError

    session = boto3.Session(region_name=region)
    if session.get_credentials() is None:
        raise NoCredentialsError
    return PublicHub(
        sagemaker=session.client("sagemaker"),
        s3=session.client("s3"),
        account=lambda: str(session.client("sts").get_caller_identity()["Account"]),
    )


def _published(rows: Catalogue, model: str | None) -> Sequence[BaseModelRow]:
    published = {name: row for name, row in rows.base_models.items() if row.hub_name and row.customizable}
    if model is not None and model not in published:
        raise_for([Problem("--model", nearest(model, published), model)], subject="nothing to sync")
    return [row for name, row in published.items() if model in (None, name)]


def _tell(result: Synced, region: str) -> None:
    if result.hub_version is None:
        out.print(Text.assemble((result.base_model, "bold"), f"  not in the hub of {region}"))
        return
    changes = result.changes
    counts = {
        "new": changes.added,
        "changed": changes.changed,
        "withdrawn": changes.removed,
        "as before": changes.unchanged,
        "skipped": result.skipped,
    }
    counted = ", ".join(f"{len(items)} {word}" for word, items in counts.items() if items)
    out.print(
        Text.assemble((result.base_model, "bold"), f"  {result.hub_version}: {counted or 'no recipes'}")
    )
    for mark, items, style in (
        ("+", changes.added, "green"),
        ("~", changes.changed, "yellow"),
        ("-", changes.removed, "red"),
    ):
        for item in items:
            out.print(Text(f"  {mark} {item}", style=style), soft_wrap=True)
    for reason in dict.fromkeys(skipped.reason for skipped in result.skipped):
        names = ", ".join(skipped.name for skipped in result.skipped if skipped.reason == reason)
        out.print(Text(f"    skipped, {reason}: {names}", style="dim"), soft_wrap=True)
