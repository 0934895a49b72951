"""Resources that outlive their stack, with their network, unless the first creation fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from config.environments.dev import DEV
from config.environments.prod import PROD
from tests.fixtures.resources import references
from tests.fixtures.synthesis import Synthesis, synthesise

pytestmark = pytest.mark.synth

KEPT = ("Retain", "RetainExceptOnCreate")
WITH_SNAPSHOTS = {"AWS::RDS::DBInstance"}
"""Types of which CloudFormation takes a snapshot before it deletes the resource."""


class Address(NamedTuple):
    """A logical id with its stack's suffix: stacks share logical ids."""

    suffix: str
    logical_id: str


def every_resource(synthesis: Synthesis) -> Iterator[tuple[Address, Any]]:
    for suffix, template in synthesis.templates.items():
        for logical_id, resource in template["Resources"].items():
            yield Address(suffix, logical_id), resource


def kept(synthesis: Synthesis) -> dict[Address, Any]:
    return {
        address: resource
        for address, resource in every_resource(synthesis)
        if resource.get("DeletionPolicy") in KEPT
    }


def needed(synthesis: Synthesis, suffix: str, value: Any) -> Iterator[Address]:
    """Resources to which `value` of the stack `suffix` refers, in this stack or another."""
    own = synthesis.templates[suffix]["Resources"]
    yield from (Address(suffix, name) for name in references(value) if name in own)
    for export in imports(value):
        exporter, exported = next(
            (other, output["Value"])
            for other, template in synthesis.templates.items()
            for output in template.get("Outputs", {}).values()
            if output.get("Export", {}).get("Name") == export
        )
        yield from needed(synthesis, exporter, exported)


def imports(value: Any) -> Iterator[str]:
    match value:
        case {"Fn::ImportValue": str(name)}:
            yield name
        case dict():
            for part in value.values():
                yield from imports(part)
        case list():
            for part in value:
                yield from imports(part)


def test_a_stack_whose_first_creation_fails_leaves_nothing_behind(every: Synthesis) -> None:
    assert kept(every)
    policies = {address: resource["DeletionPolicy"] for address, resource in kept(every).items()}
    assert set(policies.values()) == {"RetainExceptOnCreate"}, policies


def test_what_is_kept_is_also_kept_when_an_update_replaces_it(every: Synthesis) -> None:
    for address, resource in kept(every).items():
        assert resource["UpdateReplacePolicy"] == "Retain", address


def test_a_snapshot_is_taken_only_of_what_has_snapshots(every: Synthesis) -> None:
    snapshots = {
        resource["Type"]
        for _, resource in every_resource(every)
        if "Snapshot" in (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
    }
    assert snapshots <= WITH_SNAPSHOTS


def test_what_is_kept_keeps_the_network_that_it_is_in(every: Synthesis) -> None:
    """AWS deletes no subnet, security group, block or VPC in use: their stacks' deletion would fail."""
    deleted = {
        (address, other)
        for address, resource in kept(every).items()
        for other in needed(every, address.suffix, resource)
        if every.templates[other.suffix]["Resources"][other.logical_id]["Type"].startswith("AWS::EC2::")
        and other not in kept(every)
    }
    assert deleted == set()


def test_homes_are_kept_and_their_vpc_with_them(rendered: Callable[[str], Synthesis]) -> None:
    for environment in (DEV, PROD):
        types = [resource["Type"] for resource in kept(rendered(environment.name)).values()]
        assert types.count("AWS::FSx::FileSystem") == 1
        assert {"AWS::EC2::VPC", "AWS::EC2::VPCCidrBlock", "AWS::EC2::Subnet"} <= set(types)


def test_a_network_without_homes_goes_with_its_stack(rendered: Callable[[str], Synthesis]) -> None:
    types = {resource["Type"] for resource in kept(rendered("staging")).values()}
    assert not [name for name in types if name.startswith("AWS::EC2::")]


def test_the_routes_of_a_kept_subnet_go_lest_they_keep_their_table(every: Synthesis) -> None:
    assert "AWS::EC2::SubnetRouteTableAssociation" not in {each["Type"] for each in kept(every).values()}


def test_nothing_refuses_the_deletion_that_a_rollback_asks_for(every: Synthesis) -> None:
    """RDS and DynamoDB delete nothing under deletion protection: a failed first deployment is stuck."""
    protected = {
        address
        for address, resource in every_resource(every)
        for name, value in resource.get("Properties", {}).items()
        if name.startswith("DeletionProtection") and value
    }
    assert protected == set()


def test_nothing_is_kept_when_both_keys_are_turned(tmp_path: Path) -> None:
    policies = {
        resource.get("DeletionPolicy", "Delete")
        for _, resource in every_resource(synthesise(DEV, tmp_path, destroy_data="true"))
    }
    assert policies == {"Delete"}
