"""The five workloads of a PPO: reward, critic, anchor, and the actor's training and generation.

Source: aws/sagemaker-hyperpod-recipes launcher/nova/k8s_templates/PPO, ppo_container_constants.py, and their
rendering in its tests. The job succeeds when the actor's training succeeds; the other workloads only serve
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from atelier.platforms.eks.config_map import config_map
from atelier.platforms.eks.nova_pods import NovaPod
from atelier.platforms.eks.pytorch_job import pytorch_job


class _Workload(NamedTuple):
    suffix: str
    block: str
    task_type: str


_ACTOR = _Workload("at", "ppo_actor_train", "ppo_actor_train")
_GENERATION = _Workload("ag", "ppo_actor_generation", "ppo_actor_gen")
_MODELS = (
    _Workload("rm", "ppo_reward", "ppo_rm"),
    _Workload("cm", "ppo_critic", "ppo_cm"),
    _Workload("am", "ppo_anchor", "ppo_anchor"),
)
# Each workload reads its own number of nodes. All of them read that of the actor's generation, so it stays.
_NOT_IN_RUN = frozenset({"actor_train_replicas", "rm_replicas", "cm_replicas", "am_replicas"})


def is_ppo(document: Mapping[str, Any]) -> bool:
    """True if the recipe is a PPO with its five workloads."""
    return _ACTOR.block in document


def objects(
    document: Mapping[str, Any], *, pod: NovaPod, generation_image: str, active_seconds: int
) -> Iterator[dict[str, Any]]:
    """The objects; the first is the one whose end is the end of the job. `pod` has common settings."""
    for workload in (_ACTOR, *_MODELS):
        yield _trained(workload, document, pod, active_seconds)
    yield from _generating(document, pod, generation_image)
    for workload in (_ACTOR, *_MODELS, _GENERATION):
        yield config_map(_name(pod, workload), _config(document, workload))


def _trained(
    workload: _Workload, document: Mapping[str, Any], pod: NovaPod, active_seconds: int
) -> dict[str, Any]:
    own = _pod_of(workload, document, pod)
    return pytorch_job(
        own.job_name,
        replicas=_nodes(document, workload),
        template=own.training(env=_variables(own)),
        active_seconds=active_seconds,
    )


def _generating(document: Mapping[str, Any], pod: NovaPod, image: str) -> Iterator[dict[str, Any]]:
    own = _pod_of(_GENERATION, document, pod, image=image)
    app = {"app": own.job_name}
    template = own.server(env=_variables(own))
    template["metadata"] = {"labels": dict(app)}
    template["spec"]["restartPolicy"] = "Always"
    metadata = {"name": own.job_name, "labels": dict(app)}
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": dict(metadata),
        "spec": {"clusterIP": "None", "selector": dict(app)},
    }
    yield {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": dict(metadata),
        "spec": {
            "podManagementPolicy": "Parallel",
            "replicas": _nodes(document, _GENERATION),
            "serviceName": own.job_name,
            "selector": {"matchLabels": dict(app)},
            "template": template,
        },
    }


def _pod_of(workload: _Workload, document: Mapping[str, Any], pod: NovaPod, *, image: str = "") -> NovaPod:
    gpus = document[workload.block]["trainer"].get("devices")
    return NovaPod(
        job_name=_name(pod, workload),
        image=image or pod.image,
        init_image=pod.init_image,
        instance=pod.instance,
        cluster=pod.cluster,
        gpus=gpus,
        has_scratch=False,
    )


def _variables(pod: NovaPod) -> dict[str, str]:
    return {"SVC_NAME": pod.job_name, "NAMESPACE": pod.cluster.namespace}


def _config(document: Mapping[str, Any], workload: _Workload) -> dict[str, Any]:
    run = {key: value for key, value in document["run"].items() if key not in _NOT_IN_RUN}
    return {"run": run, "training_config": document[workload.block] | {"task_type": workload.task_type}}


def _nodes(document: Mapping[str, Any], workload: _Workload) -> int:
    return int(document[workload.block]["trainer"]["num_nodes"])


def _name(pod: NovaPod, workload: _Workload) -> str:
    return f"{pod.job_name}-{workload.suffix}"
