"""Render a resolved stage as a job on a Slurm cluster."""

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

# The module that AWS's own tests start (aws/sagemaker-hyperpod-recipes, scripts/validations).
_ENTRY_MODULE = "amzn_awsllm_fine_tuning.train_hp"
_DATA = {"data_s3_path": "train_file", "validation_data_s3_path": "validation_file"}


def slurm_job(
    spec: JobSpec, *, model: str, inputs: Mapping[str, str], output_s3_path: str, cluster: SlurmCluster
) -> SlurmJob:
    """The job of a stage. `inputs` has the URIs of `data_s3_path` and `validation_data_s3_path`.

    `model` is the s3:// URI of a checkpoint or of the base model's weights. Output is uploaded below
    `output_s3_path`. UnsupportedCombination if the cluster cannot run the job.
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
    # AWS's launcher sets these keys too: its results folder and the number of processes per node.
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
