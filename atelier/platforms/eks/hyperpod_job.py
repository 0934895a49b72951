"""A HyperPodPyTorchJob, which trains open weights on standard instance groups.

Source: aws/sagemaker-hyperpod-recipes launcher/nemo/k8s_templates/training, with the scripts and arguments of
its tests for llmft recipes. Labels and annotations of task governance follow AWS's
hyperpod-pytorch-job-template 1.5.0. One difference: AWS pipes the script into `tee`, whose exit code hides
that of the script, so a failed training would count as successful.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atelier.platforms.eks import config_map
from atelier.platforms.eks.cluster import Cluster, SharedStorage, devices
from atelier.platforms.eks.pytorch_job import KEPT_SECONDS
from atelier.platforms.resolved_stage import Instance

_STORAGE_VOLUME = "storage"


def hyperpod_job(
    name: str,
    *,
    image: str,
    document: Mapping[str, Any],
    instance: Instance,
    replicas: int,
    cluster: Cluster,
    storage: SharedStorage,
    active_seconds: int,
) -> dict[str, Any]:
    """The object. An elastic recipe may change its number of replicas within the recipe's limits."""
    elastic = _elastic_policy(document)
    replica_spec: dict[str, Any] = {
        "name": f"{replicas}-nodes",
        "replicas": replicas,
        "template": _template(name, image, instance, replicas, cluster, storage),
    }
    spec: dict[str, Any] = {
        "nprocPerNode": str(instance.accelerators),
        "runPolicy": {"activeDeadlineSeconds": active_seconds, "ttlSecondsAfterFinished": KEPT_SECONDS},
        "replicaSpecs": [replica_spec],
    }
    if elastic:
        replica_spec["maxReplicas"] = elastic["maxReplicas"]
        spec["elasticPolicy"] = elastic
    metadata: dict[str, Any] = {"name": name, "labels": {"app": name} | cluster.kueue_labels}
    return {
        "apiVersion": "sagemaker.amazonaws.com/v1",
        "kind": "HyperPodPyTorchJob",
        "metadata": metadata,
        "spec": spec,
    }


def _elastic_policy(document: Mapping[str, Any]) -> dict[str, Any]:
    policy = document.get("elastic_policy") or {}
    if not policy.get("is_elastic"):
        return {}
    written = {
        "minReplicas": policy["min_nodes"],
        "maxReplicas": policy["max_nodes"],
        "scalingTimeoutInSeconds": policy.get("scaling_timeout"),
        "gracefulShutdownTimeoutInSeconds": policy.get("graceful_shutdown_timeout"),
    }
    sizes = [
        int(size)
        for size in document.get("scale_config") or {}
        if policy["min_nodes"] <= int(size) <= policy["max_nodes"]
    ]
    if sizes:
        written["replicaDiscreteValues"] = sorted(sizes)
    return {key: value for key, value in written.items() if value is not None}


def _template(
    name: str, image: str, instance: Instance, replicas: int, cluster: Cluster, storage: SharedStorage
) -> dict[str, Any]:
    container = {
        "name": "pytorch",
        "image": image,
        "imagePullPolicy": "Always",
        "command": ["/bin/bash", "/opt/bin/scripts/train-script-gpu.sh"],
        "env": [
            {"name": variable, "value": value}
            for variable, value in _variables(name, instance, replicas, cluster).items()
        ],
        "resources": devices(instance),
        "securityContext": {"privileged": True},
        "volumeMounts": [
            {"name": _STORAGE_VOLUME, "mountPath": storage.mount_path},
            dict(config_map.MOUNT),
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 - shared memory, not a temporary file
            {"name": "aws-clusters-logs", "mountPath": "/var/log/aws/clusters", "readOnly": True},
        ],
    }
    spec: dict[str, Any] = {
        "nodeSelector": {"node.kubernetes.io/instance-type": instance.name},
        "containers": [container],
        "volumes": [
            {"name": _STORAGE_VOLUME, "persistentVolumeClaim": {"claimName": storage.claim}},
            config_map.volume(name),
            {"name": "shm", "hostPath": {"path": "/dev/shm", "type": "Directory"}},  # noqa: S108 - as above
            {
                "name": "aws-clusters-logs",
                "hostPath": {"path": "/var/log/aws/clusters", "type": "DirectoryOrCreate"},
            },
        ],
    }
    metadata = {
        "labels": dict(cluster.kueue_labels),
    }
    return {"metadata": {key: value for key, value in metadata.items() if value}, "spec": spec}


def _variables(name: str, instance: Instance, replicas: int, cluster: Cluster) -> dict[str, str]:
    variables = {
        "NCCL_DEBUG": "WARN",
        "SLURM_NTASKS_PER_NODE": str(instance.accelerators),
        "CUDA_VISIBLE_DEVICES": ",".join(map(str, range(instance.accelerators))),
        "GIT_REPO_URL": "",
        "GIT_BRANCH": "",
        "GIT_COMMIT": "",
        "GIT_UPDATE_ADAPTER": "false",
        "NODES": str(replicas),
        "NTASKS_PER_NODE": str(instance.accelerators),
        "SCRIPT_PATH": "/app/src/train_hp.py",
        "SCRIPT_ARGS": "--config-path=/config --config-name=config.yaml",
        "PRE_SCRIPT_COMMANDS": "",
        "POST_SCRIPT_COMMANDS": "",
        "USE_HYPERPODRUN": "true",
    }
    # Kueue sets the name of the workload.
    return variables if cluster.queue else variables | {"JOB_NAME": name}
