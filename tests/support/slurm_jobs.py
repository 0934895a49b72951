"""Jobs on a Slurm cluster, and the agent that runs them, as tests begin with them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.slurm.config import Config
from atelier.operations.model import Operation, OperationKind, OperationState
from atelier.platforms.slurm import naming
from atelier.platforms.slurm.cluster import LinkedPrefix, Partition, SlurmCluster
from atelier.platforms.slurm.job import SlurmJob
from atelier.platforms.slurm.render import slurm_job
from atelier.recipes import Recipe, RecipeRequest, catalogue, resolve
from tests.support.folder_cloud import FolderS3
from tests.support.runs import BUCKET, RUN_ID

STEP = "s0"
NAME = f"{RUN_ID}-{STEP}"
OUTPUT = f"s3://{BUCKET}/runs/{RUN_ID}/output/"
WEIGHTS = f"s3://{BUCKET}/base-models/llama-3-2-1b-instruct/"
DATA = f"s3://{BUCKET}/datasets/a/train.jsonl"
NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
QUEUE_URL = "https://sqs/atelier-test-open-weights-jobs"
CLUSTER = SlurmCluster(
    name="open-weights",
    region="us-east-1",
    queue_name="atelier-test-open-weights-jobs",
    partitions=(Partition(name="compute", instance_type="ml.g5.12xlarge", nodes=2),),
    linked=(LinkedPrefix(prefix="datasets/", path="/fsx/datasets"),),
)


def a_recipe(base_model: str = "llama-3-2-1b-instruct", technique: str = "sft", **changes: Any) -> Recipe:
    """A training recipe on hyperpod-slurm."""
    wanted = RecipeRequest(
        path="stages.0",
        base_model=base_model,
        environment="dev",
        platform="hyperpod-slurm",
        platforms_here=("hyperpod-slurm",),
        technique=technique,
        **{"adaptation": "lora", "instance_type": "ml.g5.12xlarge", **changes},
    )
    return resolve(wanted, catalogue())


def a_job(
    recipe: Recipe | None = None,
    *,
    cluster: SlurmCluster = CLUSTER,
    run_id: str = RUN_ID,
    step: str = STEP,
    model: str = WEIGHTS,
    max_runtime_hours: float = 4,
    **inputs: str,
) -> SlurmJob:
    """A job of a recipe: LoRA SFT where none is given."""
    return slurm_job(
        recipe or a_recipe(),
        run_id=run_id,
        step=step,
        model=model,
        inputs={"data_s3_path": DATA} | inputs,
        output_s3_path=OUTPUT,
        max_runtime_hours=max_runtime_hours,
        cluster=cluster,
        shipped=catalogue(),
    )


def an_operation(job: SlurmJob, state: OperationState = OperationState.STARTED) -> Operation:
    """The operation that waits for a job."""
    return Operation(
        run_id=job.run_id,
        step=job.step,
        kind=OperationKind.SLURM_JOB,
        request=job.to_request(),
        token="token",
        recorded_at=NOON,
        deadline=NOON + 86400,
        state=state,
    )


def a_status(job: SlurmJob, state: str, **changes: Any) -> dict[str, Any]:
    """A status object as the agent writes it."""
    return {
        "schema_version": 1,
        "job": job.name,
        "bundle_sha256": job.bundle_sha256,
        "slurm_job_id": "17",
        "state": state,
        "reason": "",
        "since": NOON,
        "exit_code": 0,
        "signal": 0,
        "nodes": "",
        "restarts": 0,
        "submitted_at": NOON,
        "started_at": None,
        "ended_at": None,
        "log_lines": [],
        "log_bytes": 0,
        "loss": None,
        "output_files": None,
        "updated_at": NOON,
        **changes,
    }


def a_config(shared_folder: str = "/fsx", **changes: Any) -> Config:
    """An agent's configuration."""
    needed = {
        "cluster": CLUSTER.name,
        "region": CLUSTER.region,
        "bucket": BUCKET,
        "prefix": naming.cluster_prefix(CLUSTER.name),
        "queue_url": QUEUE_URL,
        "shared_folder": shared_folder,
        "runtime": "enroot",
    }
    return Config.of({**needed, **changes})


def put_inputs(s3: FolderS3) -> None:
    """The data and the weights that `a_job` reads."""
    for uri, body in ((DATA, b'{"messages": []}\n'), (f"{WEIGHTS}config.json", b"{}")):
        s3.put_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"), Body=body)


def put_bundle(s3: FolderS3, job: SlurmJob, **changes: Any) -> None:
    """What `submit` puts into the inbox, with changes that it would not make."""
    body = json.dumps({**job.bundle(), **changes}).encode() if changes else job.bundle_bytes()
    s3.put_object(Bucket=BUCKET, Key=naming.bundle_key(job.cluster, job.name), Body=body)


def told(s3: FolderS3, job: str) -> dict[str, Any] | None:
    """The status object of a job."""
    path = s3.path(BUCKET, naming.status_key(CLUSTER.name, job))
    return json.loads(path.read_bytes()) if path.exists() else None


def named(job: SlurmJob, number: int) -> SlurmJob:
    """The same job of another run."""
    run_id = f"{job.run_id[:-4]}{number:04}"
    return a_job(run_id=run_id, cluster=replace(CLUSTER, shared_folder=str(Path(job.folder).parents[2])))
