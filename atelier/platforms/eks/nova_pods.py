"""Pod templates of Nova's containers on restricted instance groups, as AWS's own launcher writes them.

Source: aws/sagemaker-hyperpod-recipes launcher/nova/k8s_templates/{SFT,PPO} and their rendering in its tests.
One difference: AWS mounts `k8s-ca-cert` in every init container, although only pods that call a Lambda
function have this volume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atelier.platforms.eks import config_map
from atelier.platforms.eks.cluster import Cluster, devices
from atelier.platforms.resolved_stage import Instance

_FSX = "/sagemaker/fsx"
_LOGS = "/var/log/aws/clusters"
_CA_FILE = "/etc/kubernetes/pki/ca.crt"
_CA_MOUNT = {"name": "k8s-ca-cert", "mountPath": _CA_FILE, "readOnly": True}
_TOLERATION = {
    "key": "sagemaker.amazonaws.com/RestrictedNode",
    "operator": "Equal",
    "value": "Worker",
    "effect": "NoSchedule",
}


@dataclass(frozen=True, kw_only=True)
class NovaPod:
    """Common settings of the pods of one workload.

    `calls_lambda`: the pods call a Lambda function of the account over the node's network. `gpus`: the number
    of accelerators if the recipe uses fewer than the instance has.
    """

    job_name: str
    image: str
    init_image: str
    instance: Instance
    cluster: Cluster
    calls_lambda: bool = False
    gpus: int | None = None
    has_scratch: bool = True

    def training(self, *, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The pod template of a process that trains or evaluates."""
        container = {
            "name": "pytorch",
            "image": self.image,
            "imagePullPolicy": "Always",
            "env": _variables(self.variables if env is None else env),
            "resources": devices(self.instance, gpus=self.gpus),
            "securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
            "volumeMounts": self._mounts(),
        }
        return self._template(container, knows_ca=self.calls_lambda)

    def server(self, *, env: Mapping[str, str]) -> dict[str, Any]:
        """The pod template of a server for the other processes of its job."""
        container = {
            "name": "server",
            "image": self.image,
            "imagePullPolicy": "Always",
            "env": _variables(env),
            "resources": devices(self.instance, gpus=self.gpus),
            "securityContext": {"privileged": True},
            "volumeMounts": self._mounts(),
        }
        return self._template(container, knows_ca=True)

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables of AWS's containers."""
        return {
            "X_AMZ_SOURCE_ACCOUNT": self.cluster.account,
            "INSTANCE_TYPE": self.instance.name,
            "AWS_REGION": self.cluster.region,
        }

    def _template(self, container: dict[str, Any], *, knows_ca: bool) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "tolerations": [dict(_TOLERATION)],
            "affinity": _on_nodes(
                {
                    "node.kubernetes.io/instance-type": [self.instance.name],
                    "sagemaker.amazonaws.com/instance-group-type": ["Restricted"],
                }
            ),
            "initContainers": [self._init_container(knows_ca)],
            "containers": [container],
            "volumes": self._volumes(knows_ca),
        }
        if self.calls_lambda:
            spec |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
        return {"spec": spec}

    def _init_container(self, knows_ca: bool) -> dict[str, Any]:
        mounts = [
            {"name": "fsx-path-init", "mountPath": f"{_FSX}/init"},
            dict(config_map.MOUNT),
            {"name": "logs", "mountPath": _LOGS},
        ]
        return {
            "name": "init-container",
            "image": self.init_image,
            "imagePullPolicy": "Always",
            "env": _variables(self.variables),
            "volumeMounts": [*mounts, dict(_CA_MOUNT)] if knows_ca else mounts,
        }

    def _mounts(self) -> list[dict[str, Any]]:
        mounts: list[dict[str, Any]] = [
            {"name": "fsx-path-main", "mountPath": f"{_FSX}/main"},
            dict(config_map.MOUNT),
            {"name": "dshm", "mountPath": "/dev/shm"},  # noqa: S108 - shared memory, not a temporary file
            {"name": "logs", "mountPath": _LOGS},
            {"name": "fsx-path-output-artifacts", "mountPath": f"{_FSX}/output_artifacts"},
        ]
        if self.has_scratch:
            mounts.append({"name": "tmp-storage", "mountPath": "/tmp"})  # noqa: S108 - the containers' choice
        if self.calls_lambda:
            mounts.append(dict(_CA_MOUNT))
        return mounts

    def _volumes(self, knows_ca: bool) -> list[dict[str, Any]]:
        volumes = [
            _host_path("fsx-path-main", f"{_FSX}/main"),
            _host_path("fsx-path-init", f"{_FSX}/init"),
            config_map.volume(self.job_name),
            {"name": "dshm", "emptyDir": {"medium": "Memory"}},
            _host_path("logs", _LOGS),
            _host_path("fsx-path-output-artifacts", f"{_FSX}/output_artifacts"),
        ]
        if self.has_scratch:
            volumes.append(_host_path("tmp-storage", "/opt/dlami/nvme", kind="Directory"))
        if knows_ca:
            volumes.append(_host_path("k8s-ca-cert", _CA_FILE, kind="File"))
        return volumes


def _on_nodes(labels: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    expressions = [
        {"key": label, "operator": "In", "values": list(values)} for label, values in labels.items()
    ]
    terms = {"nodeSelectorTerms": [{"matchExpressions": expressions}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def _host_path(name: str, path: str, *, kind: str = "DirectoryOrCreate") -> dict[str, Any]:
    return {"name": name, "hostPath": {"path": path, "type": kind}}


def _variables(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]
