"""AWS::SageMaker::Cluster: created when the cluster is InService, deleted when it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.aws.cloudformation import handlers
from localcloud.aws.cloudformation.handlers import Created, Properties, perform, replaced
from localcloud.aws.services.sagemaker.clusters.cluster import SETTLED, HyperPodCluster
from localcloud.aws.services.sagemaker.clusters.store import Clusters
from localcloud.aws.services.service import Service

CLUSTER = "AWS::SageMaker::Cluster"
GROUPS = ("InstanceGroups", "RestrictedInstanceGroups")
CREATE_ONLY = ("ClusterName", "VpcConfig")
LONGEST_NAME = 63


def register_types(service: Service, clusters: Clusters) -> None:
    """Make the type known to MiniStack's CloudFormation."""
    kind = _Cluster(service, clusters)
    handlers.register(CLUSTER, create=kind.create, update=kind.update, delete=kind.delete)
    handlers.run_aside(CLUSTER)


class _Cluster:
    def __init__(self, service: Service, clusters: Clusters) -> None:
        self._service = service
        self._clusters = clusters

    def create(self, logical_id: str, props: Properties, stack: str) -> Created:
        name = handlers.physical_name(stack, logical_id, longest=LONGEST_NAME)
        arn = str(perform(self._service, "CreateCluster", {"ClusterName": name, **props})["ClusterArn"])
        cluster = self._settled(arn)
        if cluster.status == "Failed":
            # CloudFormation takes a cluster that failed away again, and says why in the stack's events.
            reason = f"cluster {cluster.name} is Failed: {cluster.failure}"
            self.delete(arn, props)
            raise ValueError(reason)
        return arn, _attributes(cluster)

    def update(self, arn: str, old: Properties, new: Properties, stack: str) -> Created:
        if replaced(old, new, *CREATE_ONLY) or _eks(old) != _eks(new):
            return self.create("", new, stack)
        cluster = self._settled(arn)
        self._tag(arn, old, new)
        leaving = sorted(_group_names(old) - _group_names(new))
        changes = {
            name: value for name, value in new.items() if name not in ("ClusterName", "VpcConfig", "Tags")
        }
        request = {"ClusterName": cluster.name, **changes}
        if leaving:
            request["InstanceGroupsToDelete"] = leaving
        perform(self._service, "UpdateCluster", request)
        cluster = self._settled(arn)
        if cluster.failure:
            raise ValueError(f"cluster {cluster.name} was not updated: {cluster.failure}")
        return arn, _attributes(cluster)

    def delete(self, arn: str, _props: Properties) -> None:
        if self._clusters.get(arn) is None:
            return
        self._settled(arn)
        perform(self._service, "DeleteCluster", {"ClusterName": arn})
        handlers.wait_until(
            lambda: (current := self._clusters.get(arn)) is None or current.status == "Failed"
        )
        current = self._clusters.get(arn)
        if current is not None:
            raise ValueError(f"cluster {current.name} was not deleted: {current.failure}")

    def _settled(self, arn: str) -> HyperPodCluster:
        """The cluster once no operation runs on it."""
        handlers.wait_until(lambda: self._standing(arn).status in SETTLED)
        return self._standing(arn)

    def _standing(self, arn: str) -> HyperPodCluster:
        cluster = self._clusters.get(arn)
        if cluster is None:
            raise ValueError(f"cluster {arn} does not exist any more")
        return cluster

    def _tag(self, arn: str, old: Properties, new: Properties) -> None:
        before, after = _tags(old), _tags(new)
        if before.keys() - after.keys():
            gone = sorted(before.keys() - after.keys())
            perform(self._service, "DeleteTags", {"ResourceArn": arn, "TagKeys": gone})
        if after != before and after:
            listed = [{"Key": key, "Value": value} for key, value in after.items()]
            perform(self._service, "AddTags", {"ResourceArn": arn, "Tags": listed})


def _attributes(cluster: HyperPodCluster) -> dict[str, Any]:
    return {
        "ClusterArn": cluster.arn,
        "ClusterStatus": cluster.status,
        "CreationTime": str(cluster.created),
        "FailureMessage": cluster.failure,
    }


def _group_names(props: Properties) -> set[str]:
    return {group["InstanceGroupName"] for kind in GROUPS for group in props.get(kind, [])}


def _eks(props: Properties) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = props.get("Orchestrator", {}).get("Eks")
    return found


def _tags(props: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in props.get("Tags", [])}
