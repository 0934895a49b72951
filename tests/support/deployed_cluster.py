"""A cluster of a deployed line, seen from inside by its administrator."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from atelier.platforms.eks.cluster import Cluster
from atelier.platforms.eks.resources import CONFIG_MAP, POD, PYTORCH_JOB, SERVICE, ResourceKind, path_of
from config.environments import LOCAL
from config.job_clusters import job_clusters
from lambdas.adapters.kubernetes.connect import control_plane
from lambdas.adapters.kubernetes.connection import KubernetesConnection, content_of
from localcloud import control
from tests.support.deployed_line import DeployedLine

KINDS = (PYTORCH_JOB, CONFIG_MAP, POD, SERVICE)
_ROLE = "cluster-administrator"
_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@dataclass(frozen=True)
class DeployedCluster:
    """`connection` may do everything in the cluster's Kubernetes."""

    line: DeployedLine
    cluster: Cluster
    connection: KubernetesConnection

    @classmethod
    def of(cls, line: DeployedLine, name: str) -> DeployedCluster:
        """The environment's cluster of a configured name, with an administrator let in."""
        known = job_clusters(LOCAL, bucket=line.line.bucket)
        (cluster,) = (each for each in known if isinstance(each, Cluster) and each.configured_name == name)
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
        }
        made = line.client("iam").create_role(RoleName=_ROLE, AssumeRolePolicyDocument=json.dumps(trust))
        role = made["Role"]["Arn"]
        eks = line.client("eks")
        eks.create_access_entry(clusterName=cluster.name, principalArn=role)
        eks.associate_access_policy(
            clusterName=cluster.name, principalArn=role, policyArn=_POLICY, accessScope={"type": "cluster"}
        )
        keys = line.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        cloud = control.status()
        assert cloud
        session = cloud.session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        return cls(line, cluster, control_plane(cluster.name, session=session, eks=eks, now=time.time))

    def objects(self, kind: ResourceKind) -> list[dict[str, Any]]:
        """Everything of a kind in the namespace of jobs."""
        path = path_of(kind, self.cluster.namespace)
        content = content_of(self.connection.call("GET", path, action="list"), "list", path)
        items: list[dict[str, Any]] = content["items"]
        return items

    def left_of(self, run_id: str) -> list[str]:
        """What is in the cluster of a run: kinds and names."""
        return [
            f"{kind[1]} {item['metadata']['name']}"
            for kind in KINDS
            for item in self.objects(kind)
            if item["metadata"]["name"].startswith(run_id)
        ]

    def delete_pod(self, name: str) -> None:
        """Take a pod away, as somebody who drains its node does."""
        path = path_of(POD, self.cluster.namespace, name)
        content_of(self.connection.call("DELETE", path, action="delete", body={}), "delete", name)

    def pods(self, run_id: str, phase: str) -> list[dict[str, Any]]:
        """The run's pods in a phase."""
        return [
            pod
            for pod in self.objects(POD)
            if pod["metadata"]["name"].startswith(run_id) and pod["status"].get("phase") == phase
        ]
