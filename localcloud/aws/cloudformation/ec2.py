"""Elastic IPs, NAT gateways, flow logs, secondary blocks of VPCs and stand-alone security group rules.

Records in MiniStack's EC2, as its own API operations make them: DescribeNatGateways and the rest show them.
There is no network underneath, so no packet is routed, filtered or logged.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

Properties = Mapping[str, Any]
Created = tuple[str, dict[str, str]]
BLOCKS = "_secondary_blocks"
END_OF_BLOCKS = "</cidrBlockAssociationSet>"


def register() -> None:
    """Make the types known to MiniStack's CloudFormation."""
    provisioners._RESOURCE_HANDLERS.update(
        {
            "AWS::EC2::EIP": {"create": _create_address, "delete": _delete_address},
            "AWS::EC2::NatGateway": {"create": _create_nat_gateway, "delete": _delete_nat_gateway},
            "AWS::EC2::VPCCidrBlock": {"create": _create_block, "delete": _delete_block},
            "AWS::EC2::FlowLog": {"create": _create_flow_log, "delete": _delete_flow_log},
            "AWS::EC2::SecurityGroupIngress": _rules(
                ec2._authorize_sg_ingress, ec2._revoke_sg_ingress, "SourceSecurityGroupId"
            ),
            "AWS::EC2::SecurityGroupEgress": _rules(
                ec2._authorize_sg_egress, ec2._revoke_sg_egress, "DestinationSecurityGroupId"
            ),
        }
    )
    _show_blocks()


def _create_address(_logical_id: str, props: Properties, _stack: str) -> Created:
    answer = _call(ec2._allocate_address, {"Domain": props.get("Domain", "vpc")})
    allocation_id = _text(answer, "allocationId")
    provisioners._ec2_apply_tags(allocation_id, props)
    public_ip = _text(answer, "publicIp")
    return public_ip, {"AllocationId": allocation_id, "PublicIp": public_ip}


def _delete_address(public_ip: str, _props: Properties) -> None:
    for allocation_id, address in list(ec2._addresses.items()):
        if address["PublicIp"] == public_ip:
            _call(ec2._release_address, {"AllocationId": allocation_id})


def _create_nat_gateway(_logical_id: str, props: Properties, _stack: str) -> Created:
    parameters = {
        name: props[name] for name in ("SubnetId", "AllocationId", "ConnectivityType") if name in props
    }
    gateway_id = _text(_call(ec2._create_nat_gateway, parameters), "natGatewayId")
    provisioners._ec2_apply_tags(gateway_id, props)
    return gateway_id, {"NatGatewayId": gateway_id}


def _delete_nat_gateway(gateway_id: str, _props: Properties) -> None:
    _call(ec2._delete_nat_gateway, {"NatGatewayId": gateway_id})


def _create_block(_logical_id: str, props: Properties, _stack: str) -> Created:
    """A secondary IPv4 block, kept with its VPC: MiniStack knows one block a VPC."""
    vpc = ec2._vpcs.get(props["VpcId"])
    if vpc is None:
        raise ValueError(f"The vpc ID '{props['VpcId']}' does not exist")
    block = IPv4Network(props["CidrBlock"])
    for taken in (vpc["CidrBlock"], *vpc.get(BLOCKS, {}).values()):
        if block.overlaps(IPv4Network(taken)):
            raise ValueError(f"The CIDR '{block}' conflicts with {taken} of {props['VpcId']}")
    association_id = f"vpc-cidr-assoc-{secrets.token_hex(9)[:17]}"
    vpc[BLOCKS] = {**vpc.get(BLOCKS, {}), association_id: str(block)}
    return f"{association_id}|{props['VpcId']}", {"Id": association_id}


def _delete_block(physical_id: str, _props: Properties) -> None:
    association_id, _, vpc_id = physical_id.partition("|")
    vpc = ec2._vpcs.get(vpc_id)
    if vpc is not None:
        vpc[BLOCKS] = {name: cidr for name, cidr in vpc[BLOCKS].items() if name != association_id}


def _show_blocks() -> None:
    """DescribeVpcs lists the secondary blocks behind the first one."""
    fields_xml = ec2._vpc_fields_xml

    def with_blocks(vpc: dict[str, Any], tag: str = "item") -> str:
        items = "".join(
            f"<item><cidrBlock>{cidr}</cidrBlock><associationId>{association_id}</associationId>"
            "<cidrBlockState><state>associated</state></cidrBlockState></item>"
            for association_id, cidr in vpc.get(BLOCKS, {}).items()
        )
        return str(fields_xml(vpc, tag)).replace(END_OF_BLOCKS, items + END_OF_BLOCKS)

    ec2._vpc_fields_xml = with_blocks


def _create_flow_log(_logical_id: str, props: Properties, _stack: str) -> Created:
    names = ("ResourceType", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName")
    parameters = {name: props[name] for name in names if name in props} | {
        "ResourceId.1": props["ResourceId"]
    }
    answer = _call(ec2._create_flow_logs, parameters)
    found = re.search(r"<flowLogIdSet><item>([^<]+)</item>", answer)
    if found is None:
        raise ValueError(f"AWS::EC2::FlowLog: {answer}")
    provisioners._ec2_apply_tags(found.group(1), props)
    return found.group(1), {"Id": found.group(1)}


def _delete_flow_log(flow_log_id: str, _props: Properties) -> None:
    _call(ec2._delete_flow_logs, {"FlowLogId.1": flow_log_id})


def _rules(
    authorize: Callable[[dict[str, Any]], Any], revoke: Callable[[dict[str, Any]], Any], peer: str
) -> dict[str, Any]:
    """The handlers of one direction; `peer` is the property that names the other group."""

    def create(_logical_id: str, props: Properties, _stack: str) -> Created:
        answer = _call(authorize, _permission(props, peer))
        rule_id = _text(answer, "securityGroupRuleId")
        return rule_id, {"Id": rule_id}

    def delete(rule_id: str, props: Properties) -> None:
        # The group may have gone first, and its rules with it.
        if props["GroupId"] in ec2._security_groups:
            _call(revoke, {"GroupId": props["GroupId"], "SecurityGroupRuleId.1": rule_id})

    return {"create": create, "delete": delete}


def _permission(props: Properties, peer: str) -> dict[str, Any]:
    """The rule in the form of EC2's Query API."""
    prefix = "IpPermissions.1."
    parameters = {"GroupId": props["GroupId"], f"{prefix}IpProtocol": str(props["IpProtocol"])}
    for name in ("FromPort", "ToPort"):
        if name in props:
            parameters[prefix + name] = str(props[name])
    targets = {
        "CidrIp": "IpRanges.1.CidrIp",
        "CidrIpv6": "Ipv6Ranges.1.CidrIpv6",
        "SourcePrefixListId": "PrefixListIds.1.PrefixListId",
        "DestinationPrefixListId": "PrefixListIds.1.PrefixListId",
        peer: "Groups.1.GroupId",
    }
    for name, parameter in targets.items():
        if name in props:
            parameters[prefix + parameter] = props[name]
            if "Description" in props:
                parameters[prefix + parameter.rpartition(".")[0] + ".Description"] = props["Description"]
    return parameters


def _call(action: Callable[[dict[str, Any]], Any], params: Properties) -> str:
    """Run one of MiniStack's EC2 actions; a refusal fails the resource."""
    status, _headers, body = action({name: [str(value)] for name, value in params.items()})
    text = body.decode() if isinstance(body, bytes) else str(body)
    if status >= 400:
        raise ValueError(text)
    return text


def _text(answer: str, element: str) -> str:
    found = re.search(f"<{element}>([^<]+)</{element}>", answer)
    if found is None:
        raise ValueError(f"EC2 answered without {element}: {answer}")
    return found.group(1)
