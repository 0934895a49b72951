"""Render a resolved stage as the objects of its job, in creation order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from atelier.errors import UnsupportedCombination
from atelier.platforms.base import JobSpec
from atelier.platforms.eks import hub_payload, ppo
from atelier.platforms.eks.cluster import Cluster, SharedStorage
from atelier.platforms.eks.config_map import config_map
from atelier.platforms.eks.hyperpod_job import hyperpod_job
from atelier.platforms.eks.images import GENERATION, INIT
from atelier.platforms.eks.job import ClusterJob
from atelier.platforms.eks.naming import marked, object_name
from atelier.platforms.eks.nova_pods import NovaPod
from atelier.platforms.eks.pytorch_job import pytorch_job
from atelier.platforms.eks.support import is_hub_template
from atelier.platforms.resolved_stage import MAIN_IMAGE, Instance

# Placeholders in payloads of AWS's hub for the images of a recipe's other containers.
_IMAGE_PLACEHOLDERS = {
    "generation": "rft_generation_container_image",
    "storm": "rft_storm_container_image",
    "nats_server": "rft_nats_server_container_image",
    "nats_reloader": "rft_nats_reloader_container_image",
    "redis": "rft_redis_container_image",
    GENERATION: "actor_generation_container_image",
}


def cluster_job(
    spec: JobSpec, *, model: str, inputs: Mapping[str, str], output_s3_path: str, cluster: Cluster
) -> ClusterJob:
    """The job of a stage. `inputs` has values by placeholder: `data_s3_path`, `validation_data_s3_path` …

    The job writes its output below `output_s3_path`. UnsupportedCombination if the cluster has the wrong kind
    of instance groups, or if the hub recipe is missing.
    """
    stage = spec.stage
    name = object_name(spec.name)
    active_seconds = cluster.start_within_seconds + math.ceil(stage.max_runtime_hours * 3600)
    renderer = _JobRenderer(spec, name, cluster, active_seconds)
    inputs = {**inputs, "output_s3_path": output_s3_path}
    if is_hub_template(stage.origin, stage.template):
        objects = renderer.of_hub(stage.document(job_name=name, model=model, inputs=inputs))
    elif stage.has_open_weights:
        objects = renderer.of_open_weights(model, inputs)
    else:
        objects = renderer.of_nova(stage.document(job_name=name, model=model, inputs=inputs))
    return ClusterJob(
        name=name,
        cluster=cluster.name,
        namespace=cluster.namespace,
        output_s3_path=output_s3_path,
        start_within_seconds=cluster.start_within_seconds,
        active_seconds=active_seconds,
        objects=marked(objects, run_id=spec.run_id, step=spec.step, namespace=cluster.namespace),
    )


class _JobRenderer:
    """Renders one stage for one cluster."""

    def __init__(self, spec: JobSpec, name: str, cluster: Cluster, active_seconds: int) -> None:
        self._spec = spec
        self._stage = spec.stage
        self._name = name
        self._cluster = cluster
        assert spec.stage.instance is not None, f"{spec.stage.recipe} has no instance type"
        self._instance: Instance = spec.stage.instance
        self._active_seconds = active_seconds

    def of_nova(self, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Objects of a Nova job: fine-tuning, pre-training, evaluation, or the five workloads of a PPO."""
        self._require(restricted=True)
        pod = NovaPod(
            job_name=self._name,
            image=self._image(MAIN_IMAGE),
            init_image=self._image(INIT),
            instance=self._instance,
            cluster=self._cluster,
            calls_lambda="evaluation" in content,
            gpus=_devices(content),
        )
        if ppo.is_ppo(content):
            image = self._image(GENERATION)
            return list(
                ppo.objects(content, pod=pod, generation_image=image, active_seconds=self._active_seconds)
            )
        job = pytorch_job(
            self._name,
            replicas=self._stage.replicas or 1,
            template=pod.training(),
            active_seconds=self._active_seconds,
        )
        return [job, config_map(self._name, content)]

    def of_open_weights(self, model: str, inputs: Mapping[str, str]) -> list[dict[str, Any]]:
        """Objects of a fine-tuning with AWS's llmft, whose files are on shared storage."""
        self._require(restricted=False)
        storage = self._storage()
        files = {
            fill: storage.path_of(inputs[source])
            for source, fill in (
                ("data_s3_path", "train_file"),
                ("validation_data_s3_path", "validation_file"),
            )
            if inputs.get(source)
        }
        output = storage.path_of(f"{inputs['output_s3_path'].rstrip('/')}/{self._name}")
        content = self._stage.document(
            job_name=self._name,
            model=storage.path_of(model) if model.startswith("s3://") else model,
            inputs={**inputs, **files, "output_dir": output},
        )
        # AWS's launcher sets these keys too: its results folder and the number of processes per node.
        content["run"]["results_dir"] = output
        content["trainer"]["devices"] = self._instance.accelerators
        job = hyperpod_job(
            self._name,
            image=self._image(MAIN_IMAGE),
            document=content,
            instance=self._instance,
            replicas=self._stage.replicas or 1,
            cluster=self._cluster,
            storage=storage,
            active_seconds=self._active_seconds,
        )
        return [job, config_map(self._name, content)]

    def of_hub(self, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Objects of the hub's payload, filled in with this job's values."""
        if self._spec.hub is None:
            raise UnsupportedCombination(
                f"{self._stage.recipe}: the hub recipe that the run was started with is missing or "
                "unreadable; start a new run"
            )
        self._require(restricted=True)
        values: dict[str, str | int] = {
            "name": self._name,
            "namespace": self._cluster.namespace,
            "instance_type": self._instance.name,
            "replicas": self._stage.replicas or 1,
            "container_image": self._image(MAIN_IMAGE),
            **{
                _IMAGE_PLACEHOLDERS[role]: uri
                for role, uri in self._stage.images.items()
                if role in _IMAGE_PLACEHOLDERS
            },
            "init_container_image": self._image(INIT),
        }
        return hub_payload.objects(self._spec.hub, document=content, values=values)

    def _image(self, role: str) -> str:
        return self._stage.images[role]

    def _storage(self) -> SharedStorage:
        if self._cluster.storage is None:
            raise UnsupportedCombination(
                f"cluster {self._cluster.name} has no shared storage, which {self._stage.recipe} needs for "
                "its data and its model; configure a claim, its mount path and its S3 prefix"
            )
        return self._cluster.storage

    def _require(self, *, restricted: bool) -> None:
        if self._cluster.is_restricted is not restricted:
            has, needs = (
                ("restricted", "standard") if self._cluster.is_restricted else ("standard", "restricted")
            )
            raise UnsupportedCombination(
                f"{self._stage.recipe} runs on {needs} instance groups; "
                f"cluster {self._cluster.name} has {has} instance groups"
            )


def _devices(content: Mapping[str, Any]) -> int | None:
    """The number of accelerators per node that the recipe sets; None if it sets none."""
    evaluation = (content.get("resource_config") or {}).get("devices")
    training = ((content.get("training_config") or {}).get("trainer") or {}).get("devices")
    return evaluation or training
