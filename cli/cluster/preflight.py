"""Checks of an account before a cluster is deployed into it; they change nothing.

Half an hour into a deployment AWS says the same, one thing at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from atelier.names import CLUSTER_TAG
from config.checks.placement import RESERVED_ADDRESSES, addresses_of
from config.cluster import Capacity, ClusterConfig, EksOrchestrator, InstanceGroup, RestrictedGroup

NODE_POLICY = "AmazonSageMakerClusterInstanceRolePolicy"


class CheckResult(StrEnum):
    """The result of a check."""

    READY = "ready"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """One line of the table. For a missing item `detail` says what to do."""

    cluster: str
    question: str
    outcome: CheckResult
    detail: str


class Preflight:
    """Queries Service Quotas, EC2, IAM and Cost Explorer, each once for all clusters."""

    def __init__(self, clients: Callable[[str], Any]) -> None:
        self._clients = clients
        self._quotas: dict[str, float] | None = None

    def ask(self, cluster: ClusterConfig) -> Iterator[Answer]:
        """Every question about one cluster."""
        for answers in (self._instances, self._zones, self._addresses, self._roles, self._budget):
            yield from (Answer(cluster.name, *answer) for answer in answers(cluster))

    def _instances(self, cluster: ClusterConfig) -> Iterator[tuple[str, CheckResult, str]]:
        requested: Counter[str] = Counter()
        for group in cluster.all_groups:
            requested[group.instance_types[0]] += group.count
        for group in cluster.all_groups:
            question = f"quota of group {group.name}"
            if group.training_plan_arn:
                yield question, CheckResult.READY, "its training plan holds the instances"
            elif isinstance(group, InstanceGroup) and group.capacity is Capacity.SPOT:
                yield question, CheckResult.UNKNOWN, "see 'spot' among the quotas of Amazon SageMaker"
            else:
                yield question, *self._quota(group, requested)

    def _quota(
        self, group: InstanceGroup | RestrictedGroup, requested: Counter[str]
    ) -> tuple[CheckResult, str]:
        quotas = self._cluster_quotas()
        names = {
            instance_type: f"{instance_type} for cluster usage" for instance_type in group.instance_types
        }
        found = ", ".join(f"{names[each]!r}: {quotas.get(names[each], 0):g}" for each in names)
        enough = any(
            quotas.get(name, 0) >= max(group.count, requested[instance_type])
            for instance_type, name in names.items()
        )
        if enough:
            return CheckResult.READY, found
        needed = max(group.count, requested[group.instance_types[0]])
        return CheckResult.MISSING, f"{found}; request {needed} in Service Quotas, Amazon SageMaker"

    def _cluster_quotas(self) -> dict[str, float]:
        if self._quotas is None:
            pages = self._clients("service-quotas").get_paginator("list_service_quotas")
            self._quotas = {
                quota["QuotaName"]: quota["Value"]
                for page in pages.paginate(ServiceCode="sagemaker")
                for quota in page["Quotas"]
                if quota["QuotaName"].endswith("for cluster usage")
            }
        return self._quotas

    def _zones(self, cluster: ClusterConfig) -> Iterator[tuple[str, CheckResult, str]]:
        ec2 = self._clients("ec2")
        listed = ec2.describe_availability_zones()["AvailabilityZones"]
        names = {zone["ZoneId"]: zone["ZoneName"] for zone in listed if zone["State"] == "available"}
        for subnet in cluster.subnets:
            question = f"zone {subnet.zone_id}"
            if subnet.zone_id not in names:
                detail = f"this account has {', '.join(sorted(names))}"
                yield question, CheckResult.MISSING, detail
                continue
            yield question, CheckResult.READY, f"{names[subnet.zone_id]} in this account"
            types = {
                instance_type.removeprefix("ml.")
                for group in cluster.all_groups
                if (group.zone_id or cluster.subnets[0].zone_id) == subnet.zone_id
                for instance_type in group.instance_types
            }
            offered = ec2.describe_instance_type_offerings(
                LocationType="availability-zone-id",
                Filters=[
                    {"Name": "instance-type", "Values": sorted(types)},
                    {"Name": "location", "Values": [subnet.zone_id]},
                ],
            )["InstanceTypeOfferings"]
            absent = types - {offering["InstanceType"] for offering in offered}
            outcome = CheckResult.MISSING if absent else CheckResult.READY
            detail = f"not offered there: {', '.join(sorted(absent))}" if absent else ", ".join(sorted(types))
            yield f"instances in {subnet.zone_id}", outcome, detail

    def _addresses(self, cluster: ClusterConfig) -> Iterator[tuple[str, CheckResult, str]]:
        for index, subnet in enumerate(cluster.subnets):
            needed = sum(
                group.count * max(addresses_of(each, on=cluster) for each in group.instance_types)
                for group in cluster.all_groups
                if group.zone_id == subnet.zone_id or (not group.zone_id and index == 0)
            )
            block = subnet.network
            assert block is not None, "an environment does not hold a cluster whose subnet is no block"
            found = self._clients("ec2").describe_subnets(
                Filters=[{"Name": "cidr-block", "Values": [subnet.cidr]}]
            )["Subnets"]
            room = f"{block.num_addresses - RESERVED_ADDRESSES} addresses for {needed}"
            free = ", ".join(
                f"{each['SubnetId']} has {each['AvailableIpAddressCount']} free" for each in found
            )
            yield f"subnet {subnet.cidr}", CheckResult.READY, "; ".join(filter(None, (room, free)))

    def _roles(self, cluster: ClusterConfig) -> Iterator[tuple[str, CheckResult, str]]:
        iam = self._clients("iam")
        on = cluster.orchestrator
        for name in on.administrators if isinstance(on, EksOrchestrator) else ():
            try:
                iam.get_role(RoleName=name.rpartition("/")[2])
            except iam.exceptions.NoSuchEntityException:
                yield f"administrator {name}", CheckResult.MISSING, "no such role in this account"
            else:
                yield f"administrator {name}", CheckResult.READY, "an access entry will name this role"
        partition = self._clients("sts").get_caller_identity()["Arn"].split(":")[1]
        try:
            iam.get_policy(PolicyArn=f"arn:{partition}:iam::aws:policy/{NODE_POLICY}")
        except iam.exceptions.NoSuchEntityException:
            yield f"policy {NODE_POLICY}", CheckResult.MISSING, "AWS does not have it in this partition"
        else:
            yield f"policy {NODE_POLICY}", CheckResult.READY, "AWS has it"

    def _budget(self, _cluster: ClusterConfig) -> Iterator[tuple[str, CheckResult, str]]:
        ce = self._clients("ce")
        question = f"cost allocation tag {CLUSTER_TAG}"
        try:
            tags = ce.list_cost_allocation_tags(TagKeys=[CLUSTER_TAG], Type="UserDefined")[
                "CostAllocationTags"
            ]
        except ce.exceptions.ClientError as error:
            # A member of an organization may not ask; its payer's account may.
            yield question, CheckResult.UNKNOWN, f"ask in the payer's account: {error}"
            return
        if any(tag["Status"] == "Active" for tag in tags):
            yield question, CheckResult.READY, "active: the budget counts"
        else:
            detail = "activate it under Billing, Cost allocation tags; until then the budget counts nothing"
            yield question, CheckResult.UNKNOWN, detail
