"""From a resolved recipe to its job on a Slurm cluster."""

from __future__ import annotations

import math
from collections.abc import Mapping

from atelier import names
from atelier.errors import UnsupportedCombination
from atelier.platforms.slurm.cluster import SlurmCluster
from atelier.platforms.slurm.job import Input, SlurmJob
from atelier.platforms.slurm.naming import job_folder
from atelier.recipes import Catalogue, Recipe
from atelier.recipes.render import document, dump

_LLMFT = "llm_finetuning_aws"
# What AWS's own tests start in the container: aws/sagemaker-hyperpod-recipes, scripts/validations.
_ENTRY_MODULE = "amzn_awsllm_fine_tuning.train_hp"
_DATA = {"data_s3_path": "train_file", "validation_data_s3_path": "validation_file"}


def slurm_job(
    recipe: Recipe,
    *,
    run_id: str,
    step: str,
    model: str,
    inputs: Mapping[str, str],
    output_s3_path: str,
    max_runtime_hours: float,
    cluster: SlurmCluster,
    shipped: Catalogue,
) -> SlurmJob:
    """The job of a recipe. `given` names its data: `data_s3_path` and `validation_data_s3_path`.

    `model` is a checkpoint or the base model's weights: everything below an s3:// URI. Output goes below
    `output_s3_path`. UnsupportedCombination for what does not run on Slurm, or not on this cluster.
    """
    if recipe.values.get("run.model_type", recipe.base_model.model_type) != _LLMFT:
        raise UnsupportedCombination(
            f"{recipe.row.name}: on hyperpod-slurm only AWS's llmft recipes run; Nova's and VERL's need "
            "platform: hyperpod-eks or training-job"
        )
    if not model.startswith("s3://"):
        raise UnsupportedCombination(
            f"model = {model!r}: nodes of a Slurm cluster read weights from S3; give an s3:// address"
        )
    assert recipe.instance_type is not None, f"{recipe.row.name} has no instance type on {recipe.platform}"
    assert recipe.image is not None, f"{recipe.row.name} has no image on {recipe.platform}"
    name = names.operation_name(run_id, step)
    folder = job_folder(cluster.shared_folder, name)
    instance, nodes = shipped.instance_types[recipe.instance_type], recipe.replicas or 1
    data = {
        fill: Input(
            uri=inputs[source],
            path=f"{folder}/data/{fill.removesuffix('_file')}/{inputs[source].rpartition('/')[2]}",
            linked=cluster.linked_path(inputs[source]),
        )
        for source, fill in _DATA.items()
        if inputs.get(source)
    }
    weights = Input(
        uri=f"{model.rstrip('/')}/",
        path=f"{folder}/model",
        linked=cluster.linked_path(f"{model.rstrip('/')}/"),
    )
    output = f"{folder}/output"
    content = document(
        recipe,
        job_name=name,
        model=weights.path,
        inputs={**inputs, **{fill: one.path for fill, one in data.items()}, "output_dir": output},
    )
    # What AWS's launcher writes here: its results folder, and as many processes a node as it starts.
    content["run"]["results_dir"] = output
    content["trainer"]["devices"] = instance.accelerators
    return SlurmJob(
        name=name,
        cluster=cluster.name,
        run_id=run_id,
        step=step,
        partition=cluster.partition_for(recipe.instance_type, nodes).name,
        nodes=nodes,
        gpus_per_node=instance.accelerators,
        efa_devices=instance.efa_devices,
        time_limit_minutes=math.ceil(max_runtime_hours * 60),
        start_within_seconds=cluster.start_within_seconds,
        image=shipped.images.uri(recipe.image, cluster.region),
        entry_module=_ENTRY_MODULE,
        recipe=dump(content),
        folder=folder,
        data=tuple(data.values()),
        model=weights,
        output_path=output,
        output_s3_path=output_s3_path,
    )
