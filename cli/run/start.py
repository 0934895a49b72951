"""Start a run from its file. Every step can be repeated: the same command finishes an interrupted start."""

from __future__ import annotations

import json
import shlex
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from atelier import names
from atelier.recipes.hub.recipe import HubRecipe
from atelier.runs.checks.check_run import check_run
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed
from cli.recipes.hub_recipes import hub_catalogues, sent_along, synced_recipes
from client.datasets import Remote, with_remote_datasets
from client.pipeline import PipelineClient
from config.job_clusters import job_clusters


@dataclass(frozen=True)
class Started:
    """A run that goes down the line. `is_new` is False when the same start was made before."""

    run_id: str
    is_new: bool
    warnings: tuple[str, ...]


def start_run(line: PipelineClient, file: Path, *, now: datetime, run_id: str | None = None) -> Started:
    """Validate the run file, upload its local datasets, put runs/<run_id>/run.json and start the workflow.

    InvalidRun or UnsupportedCombination before anything is uploaded.
    """
    remote = with_remote_datasets(read_run_file(file), folder=file.parent, address=line.datasets.address)
    synced = synced_recipes(remote.document, line.environment.region)
    checked = check_run(
        remote.document,
        environment=line.environment.name,
        region=line.environment.region,
        bucket=line.bucket,
        run_id=run_id,
        hub=hub_catalogues(synced),
        clusters=job_clusters(line.environment, bucket=line.bucket),
        known=remote.problems,
    )
    recipes = sent_along(remote.document, checked, synced, line.uri)
    run_id = run_id or f"{checked.run.name}-{now:%Y%m%d%H%M%S}"
    try:
        is_new = _send(line, run_id, remote, recipes)
    except KeyboardInterrupt as interrupt:
        # Whether Step Functions heard of the run is not known: the same id makes a repetition harmless.
        again = f"atelier run {shlex.quote(str(file))} --run-id {run_id} --env {line.environment.name}"
        raise CommandFailed(
            f"interrupted while {run_id} was being started; to finish the start, or to find the run:\n"
            f"  {again}",
            ExitCode.INTERRUPTED,
        ) from interrupt
    return Started(run_id, is_new, checked.warnings)


def _send(line: PipelineClient, run_id: str, remote: Remote, recipes: Mapping[str, HubRecipe]) -> bool:
    for uri, path in remote.uploads.items():
        line.datasets.upload(path, uri)
    for uri, recipe in recipes.items():
        line.objects.write(uri, recipe.to_bytes(), content_type="application/json")
    line.objects.write(
        line.uri(names.run_key(run_id)),
        json.dumps(remote.document, indent=2).encode(),
        content_type="application/json",
    )
    return line.executions.start(run_id, remote.document)


class _Loader(yaml.SafeLoader):
    """YAML's loader takes the last of two equal keys, and what the first one said is lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                line = key.start_mark.line + 1
                if key.value in lines:
                    message = f"{key.value!r} is there twice: in line {lines[key.value]} and in line {line}"
                    raise yaml.constructor.ConstructorError(problem=message)
                lines[key.value] = line
        return super().construct_mapping(node, deep)


def read_run_file(file: Path) -> Any:
    """The document in a run file. CommandFailed when it cannot be read as YAML."""
    try:
        return yaml.load(file.read_text(), Loader=_Loader)  # noqa: S506 - a safe loader
    except OSError as error:
        raise CommandFailed(f"run file {file}: {error.strerror}", ExitCode.INVALID) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CommandFailed(f"run file {file} is not YAML: {error}", ExitCode.INVALID) from error
