"""From a resolved stage to its job on a Slurm cluster."""

from __future__ import annotations

import math
from collections.abc import Mapping

from atelier.errors import UnsupportedCombination
from atelier.platforms.base import JobSpec
from atelier.platforms.resolved_stage import MAIN_IMAGE
from atelier.platforms.slurm.cluster import SlurmCluster
from atelier.platforms.slurm.job import Input, SlurmJob
from atelier.platforms.slurm.naming import job_folder
from atelier.recipes.document import dump

# What AWS's own tests start in the container: aws/sagemaker-hyperpod-recipes, scripts/validations.
_ENTRY_MODULE = "amzn_awsllm_fine_tuning.train_hp"
_DATA = {"data_s3_path": "train_file", "validation_data_s3_path": "validation_file"}


def slurm_job(
    spec: JobSpec, *, model: str, inputs: Mapping[str, str], output_s3_path: str, cluster: SlurmCluster
) -> SlurmJob:
    """The job of a stage. `inputs` names its data: `data_s3_path` and `validation_data_s3_path`.

    `model` is a checkpoint or the base model's weights: everything below an s3:// URI. Output goes below
    `output_s3_path`. UnsupportedCombination for what does not run on this cluster.
    """
    stage = spec.stage
    if not model.startswith("s3://"):
        raise UnsupportedCombination(
            f"model = {model!r}: nodes of a Slurm cluster read weights from S3; give an s3:// address"
        )
    assert stage.instance is not None, f"{stage.recipe} has no instance type"
    name = spec.name
    folder = job_folder(cluster.shared_folder, name)
    instance, nodes = stage.instance, stage.replicas or 1
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
    content = stage.document(
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
        run_id=spec.run_id,
        step=spec.step,
        partition=cluster.partition_for(instance.name, nodes).name,
        nodes=nodes,
        gpus_per_node=instance.accelerators,
        efa_devices=instance.efa_devices,
        time_limit_minutes=math.ceil(stage.max_runtime_hours * 60),
        start_within_seconds=cluster.start_within_seconds,
        image=stage.images[MAIN_IMAGE],
        entry_module=_ENTRY_MODULE,
        recipe=dump(content),
        folder=folder,
        data=tuple(data.values()),
        model=weights,
        output_path=output,
        output_s3_path=output_s3_path,
    )
