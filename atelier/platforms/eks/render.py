"""From a resolved recipe to the objects of its job on a cluster, in the order of their creation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from atelier import names
from atelier.errors import UnsupportedCombination
from atelier.platforms.container import has_open_weights
from atelier.platforms.eks import hub_payload, ppo
from atelier.platforms.eks.cluster import Cluster, SharedStorage, required_instance
from atelier.platforms.eks.config_map import config_map
from atelier.platforms.eks.hyperpod_job import hyperpod_job
from atelier.platforms.eks.job import ClusterJob
from atelier.platforms.eks.naming import marked, object_name
from atelier.platforms.eks.nova_pods import NovaPod
from atelier.platforms.eks.pytorch_job import pytorch_job
from atelier.platforms.eks.support import is_hub_recipe, unsupported_reason
from atelier.recipes import Catalogue, Recipe
from atelier.recipes.availability import InstanceType
from atelier.recipes.hub.recipe import HubRecipe
from atelier.recipes.render import document
from atelier.recipes.rows import OnPlatform

_INIT_IMAGE = "nova-init-hp"
_GENERATION = "actor_generation"
# What the payloads of AWS's hub call the images of a recipe's other containers.
_IMAGE_PLACEHOLDERS = {
    "generation": "rft_generation_container_image",
    "storm": "rft_storm_container_image",
    "nats_server": "rft_nats_server_container_image",
    "nats_reloader": "rft_nats_reloader_container_image",
    "redis": "rft_redis_container_image",
    _GENERATION: "actor_generation_container_image",
}


def cluster_job(
    recipe: Recipe,
    *,
    run_id: str,
    step: str,
    model: str,
    inputs: Mapping[str, str],
    output_s3_path: str,
    max_runtime_hours: float,
    cluster: Cluster,
    shipped: Catalogue,
    hub: HubRecipe | None = None,
) -> ClusterJob:
    """The job of a recipe. `given` fills the recipe's keys: `data_s3_path`, `validation_data_s3_path` …

    Output goes below `output_s3_path`. UnsupportedCombination when the cluster is not of the kind that the
    recipe needs, or when nothing is known of how its job looks.
    """
    reason = unsupported_reason(recipe, hub)
    if reason:
        raise UnsupportedCombination(reason)
    name = object_name(names.operation_name(run_id, step))
    active_seconds = cluster.start_within_seconds + math.ceil(max_runtime_hours * 3600)
    rendering = _Rendering(recipe, name, cluster, shipped, active_seconds)
    inputs = {**inputs, "output_s3_path": output_s3_path}
    if hub and is_hub_recipe(recipe):
        objects = rendering.of_hub(hub, document(recipe, job_name=name, model=model, inputs=inputs))
    elif has_open_weights(recipe.values.get("run.model_type", recipe.base_model.model_type)):
        objects = rendering.of_open_weights(model, inputs)
    else:
        objects = rendering.of_nova(document(recipe, job_name=name, model=model, inputs=inputs))
    return ClusterJob(
        name=name,
        cluster=cluster.name,
        namespace=cluster.namespace,
        output_s3_path=output_s3_path,
        start_within_seconds=cluster.start_within_seconds,
        active_seconds=active_seconds,
        objects=marked(objects, run_id=run_id, step=step, namespace=cluster.namespace),
    )


class _Rendering:
    """One recipe on one cluster."""

    def __init__(
        self, recipe: Recipe, name: str, cluster: Cluster, shipped: Catalogue, active_seconds: int
    ) -> None:
        self._recipe = recipe
        self._name = name
        self._cluster = cluster
        self._shipped = shipped
        self._instance: InstanceType = required_instance(recipe, shipped.instance_types)
        self._active_seconds = active_seconds

    def of_nova(self, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Fine-tuning, preference tuning, pre-training, evaluation; or all five workloads of a PPO."""
        self._require(restricted=True)
        pod = NovaPod(
            job_name=self._name,
            image=self._image(),
            init_image=self._uri(_INIT_IMAGE),
            instance=self._instance,
            cluster=self._cluster,
            calls_lambda="evaluation" in content,
            gpus=_devices(content),
        )
        if ppo.is_ppo(content):
            image = self._uri(self._containers().more_images[_GENERATION])
            return list(
                ppo.objects(content, pod=pod, generation_image=image, active_seconds=self._active_seconds)
            )
        job = pytorch_job(
            self._name,
            replicas=self._recipe.replicas or 1,
            template=pod.training(),
            active_seconds=self._active_seconds,
        )
        return [job, config_map(self._name, content)]

    def of_open_weights(self, model: str, inputs: Mapping[str, str]) -> list[dict[str, Any]]:
        """Fine-tuning by AWS's llmft; its files lie on storage that the pods share."""
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
        content = document(
            self._recipe,
            job_name=self._name,
            model=storage.path_of(model) if model.startswith("s3://") else model,
            inputs={**inputs, **files, "output_dir": output},
        )
        # What AWS's launcher writes here: its results folder, and as many processes a node as it starts.
        content["run"]["results_dir"] = output
        content["trainer"]["devices"] = self._instance.accelerators
        job = hyperpod_job(
            self._name,
            image=self._image(),
            document=content,
            instance=self._instance,
            replicas=self._recipe.replicas or 1,
            cluster=self._cluster,
            storage=storage,
            active_seconds=self._active_seconds,
        )
        return [job, config_map(self._name, content)]

    def of_hub(self, payload: HubRecipe, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the hub publishes, with this job's values."""
        self._require(restricted=True)
        more_images = self._containers().more_images
        values: dict[str, str | int] = {
            "name": self._name,
            "namespace": self._cluster.namespace,
            "instance_type": self._instance.name,
            "replicas": self._recipe.replicas or 1,
            "container_image": self._image(),
            **{_IMAGE_PLACEHOLDERS[role]: self._uri(image) for role, image in more_images.items()},
            "init_container_image": self._uri(_INIT_IMAGE),
        }
        return hub_payload.objects(payload, document=content, values=values)

    def _containers(self) -> OnPlatform:
        """The images of the shipped recipe of the name: the hub names those of training jobs alone."""
        base_model, platform = self._recipe.base_model.name, self._recipe.platform
        rows = (*self._shipped.training_of(base_model), *self._shipped.evaluation_of(base_model))
        for row in rows:
            if row.name == self._recipe.row.name and platform in row.platforms:
                return row.platforms[platform]
        raise UnsupportedCombination(
            f"{self._recipe.row.name}: no shipped recipe has this name on {platform}, "
            "so its containers are unknown"
        )

    def _image(self) -> str:
        image = self._containers().image
        assert image is not None, f"{self._recipe.row.name} has no image on {self._recipe.platform}"
        return self._uri(image)

    def _uri(self, image: str) -> str:
        return self._shipped.images.uri(image, self._cluster.region)

    def _storage(self) -> SharedStorage:
        if self._cluster.storage is None:
            raise UnsupportedCombination(
                f"cluster {self._cluster.name} has no shared storage: {self._recipe.row.name} reads its data "
                "and leaves its model as files; name a claim, its mount path and what of S3 it shows"
            )
        return self._cluster.storage

    def _require(self, *, restricted: bool) -> None:
        if self._cluster.is_restricted is not restricted:
            has, needs = (
                ("restricted", "standard") if self._cluster.is_restricted else ("standard", "restricted")
            )
            raise UnsupportedCombination(
                f"{self._recipe.row.name} runs on {needs} instance groups; "
                f"cluster {self._cluster.name} has {has} ones"
            )


def _devices(content: Mapping[str, Any]) -> int | None:
    """How many accelerators of a node the recipe says that it uses, where it says so."""
    evaluation = (content.get("resource_config") or {}).get("devices")
    training = ((content.get("training_config") or {}).get("trainer") or {}).get("devices")
    return evaluation or training
