"""Jobs on a HyperPod cluster as tests begin with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from atelier.operations.model import Operation, OperationKind, OperationState
from atelier.platforms.eks.cluster import Cluster, SharedStorage
from atelier.platforms.eks.job import ClusterJob
from atelier.platforms.eks.render import cluster_job
from atelier.recipes import Recipe, RecipeRequest, catalogue, resolve
from atelier.recipes.hub.recipe import HubRecipe
from tests.support.recipes import REWARD_FUNCTION
from tests.support.runs import BUCKET, RUN_ID

STEP = "s0"
NAME = f"{RUN_ID}-{STEP}"
OUTPUT = f"s3://{BUCKET}/runs/{RUN_ID}/output/"
NAMESPACE = "kubeflow"
MADE_AT = "2026-11-23T12:00:00Z"
NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())

RESTRICTED = Cluster(
    name="nova",
    configured_name="nova",
    namespace=NAMESPACE,
    region="us-east-1",
    account="111122223333",
    is_restricted=True,
    instance_types=("ml.g5.12xlarge", "ml.p5.48xlarge"),
)
STANDARD = Cluster(
    name="open",
    configured_name="open",
    namespace="hyperpod-ns-team",
    region="us-east-1",
    account="111122223333",
    is_restricted=False,
    instance_types=("ml.g6.12xlarge", "ml.p5.48xlarge"),
    storage=SharedStorage(claim="fsx-claim", mount_path="/data", s3_uri=f"s3://{BUCKET}/"),
)


def a_recipe(
    base_model: str = "nova-micro", technique: str = "sft", adaptation: str = "lora", **changes: Any
) -> Recipe:
    """A training recipe on hyperpod-eks."""
    inputs = {"reward_lambda_arn": REWARD_FUNCTION} if technique == "rft" else {}
    wanted = RecipeRequest(
        path="stages.0",
        base_model=base_model,
        environment="dev",
        platform="hyperpod-eks",
        platforms_here=("hyperpod-eks",),
        technique=technique,
        adaptation=adaptation,
        inputs=inputs,
        **changes,
    )
    return resolve(wanted, catalogue())


def an_evaluation(task: str = "mmlu") -> Recipe:
    """An evaluation recipe on hyperpod-eks."""
    wanted = RecipeRequest(
        path="evaluation.0",
        base_model="nova-micro",
        environment="dev",
        platform="hyperpod-eks",
        platforms_here=("hyperpod-eks",),
        task=task,
        settings_field="inference",
    )
    return resolve(wanted, catalogue())


def a_job(
    recipe: Recipe | None = None,
    *,
    cluster: Cluster = RESTRICTED,
    model: str | None = None,
    run_id: str = RUN_ID,
    step: str = STEP,
    hub: HubRecipe | None = None,
    **inputs: str,
) -> ClusterJob:
    """A job of a recipe: Nova's LoRA SFT where none is given."""
    recipe = recipe or a_recipe()
    return cluster_job(
        recipe,
        run_id=run_id,
        step=step,
        model=model or recipe.base_model.model or f"s3://{BUCKET}/base-models/x/",
        inputs={"data_s3_path": f"s3://{BUCKET}/datasets/a/train.jsonl"} | inputs,
        output_s3_path=OUTPUT,
        max_runtime_hours=4,
        cluster=cluster,
        shipped=catalogue(),
        hub=hub,
    )


def an_operation(job: ClusterJob, state: OperationState = OperationState.STARTED) -> Operation:
    """The operation that waits for a job."""
    return Operation(
        run_id=RUN_ID,
        step=STEP,
        kind=OperationKind.TRAINING_JOB,
        request=job.to_request(),
        token="token",
        recorded_at=NOON,
        deadline=NOON + 86400,
        state=state,
    )


def by_kind(job: ClusterJob, kind: str) -> list[dict[str, Any]]:
    """The job's objects of a kind."""
    return [dict(manifest) for manifest in job.objects if manifest["kind"] == kind]
