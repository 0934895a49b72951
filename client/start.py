"""Start a run from its file. Every step can be repeated: the same call finishes an interrupted start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from atelier import names
from atelier.recipes.hub.recipe import HubRecipe
from atelier.runs.checks.check_run import check_run
from atelier.storage import Objects
from client.datasets import DatasetUploads, Remote, with_remote_datasets
from client.executions import Executions
from client.hub_recipes import hub_catalogues, sent_along, synced_recipes
from client.run_file import read_run_file
from config.job_clusters import job_clusters
from config.model import Environment


@dataclass(frozen=True, kw_only=True)
class PreparedRun:
    """A run that was checked and is not started yet.

    `warnings` are what is accepted although risky. `remote` is the document with the addresses of its local
    datasets, `recipes` are those of AWS's hub that the run takes along, by address.
    """

    run_id: str
    warnings: tuple[str, ...]
    remote: Remote
    recipes: Mapping[str, HubRecipe]
    bucket: str
    objects: Objects
    datasets: DatasetUploads
    executions: Executions

    def start(self) -> bool:
        """Upload datasets, write `runs/<run_id>/run.json`, start the workflow; False when started before.

        InvalidRequest when the run id belongs to another run file.
        """
        for uri, path in self.remote.uploads.items():
            self.datasets.upload(path, uri)
        for uri, recipe in self.recipes.items():
            self.objects.write(uri, recipe.to_bytes(), content_type="application/json")
        self.objects.write(
            f"s3://{self.bucket}/{names.run_key(self.run_id)}",
            json.dumps(self.remote.document, indent=2).encode(),
            content_type="application/json",
        )
        return self.executions.start(self.run_id, self.remote.document)


def prepare_run(
    file: Path,
    *,
    environment: Environment,
    bucket: str,
    objects: Objects,
    datasets: DatasetUploads,
    executions: Executions,
    now: datetime,
    run_id: str | None = None,
) -> PreparedRun:
    """Check a run file; nothing is uploaded. The run id is `<name>-<yyyymmddhhmmss>` of `now` by default.

    InvalidRequest, InvalidRun or UnsupportedCombination name what is wrong.
    """
    remote = with_remote_datasets(read_run_file(file), folder=file.parent, address=datasets.address)
    synced = synced_recipes(remote.document, environment.region)
    checked = check_run(
        remote.document,
        environment=environment.name,
        region=environment.region,
        bucket=bucket,
        run_id=run_id,
        hub=hub_catalogues(synced),
        clusters=job_clusters(environment, bucket=bucket),
        known=remote.problems,
        today=now.date(),
    )
    recipes = sent_along(remote.document, checked, synced, lambda key: f"s3://{bucket}/{key}")
    return PreparedRun(
        run_id=run_id or f"{checked.run.name}-{now:%Y%m%d%H%M%S}",
        warnings=checked.warnings,
        remote=remote,
        recipes=recipes,
        bucket=bucket,
        objects=objects,
        datasets=datasets,
        executions=executions,
    )
