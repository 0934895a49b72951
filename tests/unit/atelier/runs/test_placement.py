"""Which platform and cluster each part of a run goes to, and what is refused before it is submitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from atelier.errors import UnsupportedCombination
from atelier.platforms.base import JobCluster
from atelier.platforms.eks.cluster import SharedStorage
from atelier.platforms.slurm.cluster import Partition, SlurmCluster
from atelier.recipes.catalogue import catalogue
from atelier.recipes.hub.recipe import HubRecipe
from atelier.recipes.hub_catalogue import with_hub_recipes
from atelier.runs.checks.check_run import CheckedRun, check_run
from atelier.runs.model import Run
from atelier.runs.workflow_plan import workflow_plan
from tests.fixtures.cluster_jobs import RESTRICTED, STANDARD
from tests.fixtures.hub import HYPERPOD_OVERRIDES, HYPERPOD_TEMPLATE
from tests.fixtures.recipes import REWARD_FUNCTION
from tests.fixtures.runs import BUCKET, a_run, a_stage
from tests.unit.atelier.recipes.hub.test_recipe import RECIPE

SLURM = SlurmCluster(
    name="slurm",
    region="us-east-1",
    queue_name="atelier-dev-slurm-jobs",
    partitions=(Partition(name="compute", instance_type="ml.g5.12xlarge", nodes=2),),
)
CLUSTERS = (RESTRICTED, STANDARD, SLURM)
ONLY_P5 = replace(RESTRICTED, configured_name="large", instance_types=("ml.p5.48xlarge",))
OPEN = "llama-3-1-8b-instruct"


def check(run: dict[str, Any], clusters: Sequence[JobCluster] | None = CLUSTERS) -> CheckedRun:
    return check_run(run, environment="dev", region="us-east-1", bucket=BUCKET, clusters=clusters)


def a_run_on(platform: str, *, base_model: str = "nova-micro", **stage: Any) -> dict[str, Any]:
    run = a_run(base_model=base_model, stages=[a_stage(platform=platform, **stage)])
    return run if base_model == "nova-micro" else {key: run[key] for key in run if key != "deployment"}


def refused(run: dict[str, Any], clusters: Sequence[JobCluster] | None = CLUSTERS) -> str:
    with pytest.raises(UnsupportedCombination) as caught:
        check(run, clusters)
    return str(caught.value)


def test_a_checked_run_keeps_its_platforms_clusters_and_instances() -> None:
    plan = workflow_plan(check(a_run_on("hyperpod-eks")))
    (stage,), (evaluation,) = plan["run"]["stages"], plan["run"]["evaluation"]
    for part in (stage, evaluation):
        assert (part["platform"], part["cluster"], part["instance_type"]) == (
            "hyperpod-eks",
            "nova",
            "ml.g5.12xlarge",
        )
    assert check(plan["run"]).run == check(a_run_on("hyperpod-eks")).run


def test_a_stage_gets_the_recipe_for_the_nodes_that_a_cluster_has() -> None:
    stage = check(a_run_on("hyperpod-eks"), [ONLY_P5]).run.stages[0]
    assert (stage.cluster, stage.instance_type) == ("large", "ml.p5.48xlarge")


def test_auto_is_a_cluster_s_platform_only_where_a_cluster_can_run_the_stage() -> None:
    only_on_eks = a_run_on("auto", technique="cpt", adaptation="full") | {"deployment": None}
    assert check(only_on_eks).run.stages[0].cluster == "nova"
    message = refused(only_on_eks, [SLURM])
    assert "nova-micro cpt full runs on hyperpod-eks; this environment submits to training-job" in message
    assert check(a_run_on("auto")).run.stages[0].platform == "training-job"


def test_open_weights_are_trained_on_a_cluster_and_evaluated_by_a_training_job() -> None:
    for platform, cluster in (("hyperpod-slurm", "slurm"), ("hyperpod-eks", "open")):
        run = check(a_run_on(platform, base_model=OPEN)).run
        assert (run.stages[0].cluster, run.evaluation[0].platform) == (cluster, "training-job")


def test_an_evaluation_goes_where_it_says() -> None:
    run = a_run_on("hyperpod-eks")
    run["evaluation"][0]["platform"] = "training-job"
    assert check(run).run.evaluation[0].platform == "training-job"
    run = a_run()
    run["evaluation"][0] |= {"platform": "hyperpod-eks", "cluster": "nova"}
    checked = check(run).run
    assert (checked.stages[0].platform, checked.evaluation[0].cluster) == ("training-job", "nova")


def test_an_evaluation_follows_its_stage_to_the_cluster_that_the_stage_names() -> None:
    another = replace(RESTRICTED, name="atelier-dev-two", configured_name="two")
    run = check(a_run_on("hyperpod-eks", cluster="two"), [RESTRICTED, another]).run
    assert (run.stages[0].cluster, run.evaluation[0].cluster) == ("two", "two")


@pytest.mark.parametrize(
    ("run", "clusters", "expected"),
    [
        (
            a_run_on("hyperpod-eks"),
            (),
            "stages.0.platform = 'hyperpod-eks': no hyperpod-eks cluster is configured in this environment; "
            "nova_micro_1_0_g5_g6_12x_gpu_lora_sft also runs on training-job",
        ),
        (
            a_run_on("hyperpod-eks", cluster="open"),
            CLUSTERS,
            "stages.0.cluster = 'open': does not run nova_micro_1_0_g5_g6_12x_gpu_lora_sft on "
            "ml.g5.12xlarge; accepted: nova",
        ),
        (
            a_run_on("hyperpod-eks", cluster="nvoa"),
            CLUSTERS,
            "stages.0.cluster = 'nvoa': does not run",
        ),
        (
            a_run_on("hyperpod-eks"),
            (RESTRICTED, replace(RESTRICTED, configured_name="two")),
            "stages.0.cluster: several clusters run nova_micro_1_0_g5_g6_12x_gpu_lora_sft on "
            "ml.g5.12xlarge; name one: nova, two",
        ),
        (
            a_run_on("hyperpod-eks", instance_type="ml.g6.12xlarge"),
            CLUSTERS,
            "stages.0.cluster: nova_micro_1_0_g5_g6_12x_gpu_lora_sft needs 1 x ml.g6.12xlarge in restricted "
            "groups; clusters of hyperpod-eks in this environment: nova (restricted groups, ml.g5.12xlarge, "
            "ml.p5.48xlarge); open (standard groups, ml.g6.12xlarge, ml.p5.48xlarge)",
        ),
        (
            a_run_on("training-job", cluster="nova"),
            CLUSTERS,
            "stages.0.cluster = 'nova': training-job has no clusters; leave cluster out, or set platform: "
            "hyperpod-eks or hyperpod-slurm",
        ),
        (
            a_run_on("hyperpod-slurm"),
            CLUSTERS,
            "stages.0.platform = 'hyperpod-slurm': nova-micro sft lora does not run there",
        ),
        (
            a_run_on("hyperpod-slurm", base_model=OPEN, replicas=4),
            CLUSTERS,
            "needs 4 x ml.g5.12xlarge in standard groups; clusters of hyperpod-slurm in this environment: "
            "slurm (2 x ml.g5.12xlarge)",
        ),
        (
            a_run_on("hyperpod-eks", base_model=OPEN),
            (replace(STANDARD, storage=None),),
            "stages.0.cluster = 'open': has no shared storage, which",
        ),
        (
            a_run_on("hyperpod-eks", base_model=OPEN),
            (
                replace(
                    STANDARD,
                    storage=SharedStorage(claim="fsx", mount_path="/data", s3_uri=f"s3://{BUCKET}/runs/"),
                ),
            ),
            f"stages.0.train = 's3://{BUCKET}/datasets/a/train.jsonl': cluster open reads only objects below "
            f"s3://{BUCKET}/runs/",
        ),
        (
            a_run_on(
                "hyperpod-eks",
                validation=f"s3://{BUCKET}/v.jsonl",
                early_stopping={"patience": 3},
            ),
            CLUSTERS,
            "stages.0.early_stopping: stopping a job on hyperpod-eks deletes it and its checkpoints",
        ),
    ],
)
def test_what_a_cluster_cannot_do_is_refused_with_what_would_be_accepted(
    run: dict[str, Any], clusters: Sequence[JobCluster], expected: str
) -> None:
    assert expected in refused(run, clusters)


def test_reinforcement_learning_on_eks_is_refused_without_the_hub_s_payload() -> None:
    stage = a_stage(technique="rft", platform="hyperpod-eks", reward_lambda_arn=REWARD_FUNCTION)
    run = a_run(base_model="nova-2-lite", stages=[stage])
    assert "stages.0.platform = 'hyperpod-eks': nova_lite_2_0_p5_gpu_lora_rft: on hyper" in refused(run)


SECRET = """
---
apiVersion: v1
kind: Secret
metadata:
  name: '{{name}}-nats'
"""


def test_a_payload_with_services_needs_a_cluster_that_allows_them() -> None:
    plain = replace(
        RECIPE,
        platform="hyperpod-eks",
        image_uri=None,
        template=HYPERPOD_TEMPLATE,
        overrides=HYPERPOD_OVERRIDES,
    )
    run = a_run_on("hyperpod-eks", recipe="hub")
    large = replace(RESTRICTED, instance_types=plain.instance_types)

    def checked(hub: HubRecipe, cluster: JobCluster) -> Run:
        catalogues = {"hub": with_hub_recipes(catalogue(), [hub])}
        return check_run(
            run,
            environment="dev",
            region="us-east-1",
            bucket=BUCKET,
            clusters=[cluster],
            hub=catalogues,
        ).run

    with_secret = replace(plain, template=HYPERPOD_TEMPLATE + SECRET)
    assert checked(plain, large).stages[0].cluster == "nova"
    assert checked(with_secret, replace(large, allows_services=True)).stages[0].cluster == "nova"
    with pytest.raises(
        UnsupportedCombination, match=r"cluster = 'nova': does not let Atelier create the services"
    ):
        checked(with_secret, large)


def test_validation_data_that_a_recipe_does_not_read_on_a_cluster_is_reported() -> None:
    validation = f"s3://{BUCKET}/v.jsonl"
    warnings = check(a_run_on("hyperpod-eks", validation=validation)).warnings
    assert any("reads no validation data on hyperpod-eks" in warning for warning in warnings)
    for run in (a_run_on("training-job", validation=validation), a_run_on("hyperpod-eks")):
        assert not any("reads no validation" in warning for warning in check(run).warnings)


def test_unknown_clusters_are_not_checked() -> None:
    assert check(a_run_on("hyperpod-eks", cluster="any"), None).run.stages[0].cluster == "any"
    assert "training-job has no clusters" in refused(a_run_on("training-job", cluster="any"), None)
