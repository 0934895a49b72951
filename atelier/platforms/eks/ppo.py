"""The five workloads of a PPO: reward, critic and anchor models, and the actor that generates and trains.

Source: aws/sagemaker-hyperpod-recipes launcher/nova/k8s_templates/PPO, ppo_container_constants.py, and what
its tests keep of their rendering. The job has succeeded when the actor has trained; the others only serve
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from atelier.platforms.eks.config_map import config_map
from atelier.platforms.eks.nova_pods import NovaPod
from atelier.platforms.eks.pytorch_job import pytorch_job


class _Part(NamedTuple):
    suffix: str
    block: str
    task_type: str


_ACTOR = _Part("at", "ppo_actor_train", "ppo_actor_train")
_GENERATION = _Part("ag", "ppo_actor_generation", "ppo_actor_gen")
_MODELS = (
    _Part("rm", "ppo_reward", "ppo_rm"),
    _Part("cm", "ppo_critic", "ppo_cm"),
    _Part("am", "ppo_anchor", "ppo_anchor"),
)
# Each part reads its own number of nodes; that of the actor's generation stays for the others to know.
_NOT_IN_RUN = frozenset({"actor_train_replicas", "rm_replicas", "cm_replicas", "am_replicas"})


def is_ppo(document: Mapping[str, Any]) -> bool:
    """True when a recipe is five in one."""
    return _ACTOR.block in document


def objects(
    document: Mapping[str, Any], *, pod: NovaPod, generation_image: str, active_seconds: int
) -> Iterator[dict[str, Any]]:
    """The objects, the one first that tells when the job has ended. `pod` is that of the whole job."""
    for part in (_ACTOR, *_MODELS):
        yield _trained(part, document, pod, active_seconds)
    yield from _generating(document, pod, generation_image)
    for part in (_ACTOR, *_MODELS, _GENERATION):
        yield config_map(_name(pod, part), _config(document, part))


def _trained(part: _Part, document: Mapping[str, Any], pod: NovaPod, active_seconds: int) -> dict[str, Any]:
    own = _pod_of(part, document, pod)
    return pytorch_job(
        own.job_name,
        replicas=_nodes(document, part),
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


def _pod_of(part: _Part, document: Mapping[str, Any], pod: NovaPod, *, image: str = "") -> NovaPod:
    gpus = document[part.block]["trainer"].get("devices")
    return NovaPod(
        job_name=_name(pod, part),
        image=image or pod.image,
        init_image=pod.init_image,
        instance=pod.instance,
        cluster=pod.cluster,
        gpus=gpus,
        has_scratch=False,
    )


def _variables(pod: NovaPod) -> dict[str, str]:
    return {"SVC_NAME": pod.job_name, "NAMESPACE": pod.cluster.namespace}


def _config(document: Mapping[str, Any], part: _Part) -> dict[str, Any]:
    run = {key: value for key, value in document["run"].items() if key not in _NOT_IN_RUN}
    return {"run": run, "training_config": document[part.block] | {"task_type": part.task_type}}


def _nodes(document: Mapping[str, Any], part: _Part) -> int:
    return int(document[part.block]["trainer"]["num_nodes"])


def _name(pod: NovaPod, part: _Part) -> str:
    return f"{pod.job_name}-{part.suffix}"
