"""Properties that MiniStack's CloudFormation drops, and attributes that it lacks.

A function's dead-letter queue and reserved concurrency, and a table's time to live, are honoured by its
services once they are set: without them a stack would deploy and behave differently. A VPC's CidrBlock is
requested by every interface endpoint that the CDK makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import dynamodb, lambda_svc
from ministack.services.cloudformation import provisioners

Properties = Mapping[str, Any]
FUNCTION = "AWS::Lambda::Function"
RECORDED = ("DeadLetterConfig", "VpcConfig", "KmsKeyArn")


def register() -> None:
    """Carry the properties over after every create and update."""
    _after(FUNCTION, _carry_function)
    for table in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        _after(table, _carry_table)
    _after("AWS::EC2::VPC", _vpc_attributes)


def _after(resource_type: str, carry: Callable[[str, Properties], Mapping[str, Any] | None]) -> None:
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handlers["create"], handlers["update"]

    def created(logical_id: str, props: Properties, stack: str) -> Any:
        physical_id, attributes = create(logical_id, props, stack)
        return physical_id, {**attributes, **(carry(physical_id, props) or {})}

    def updated(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        updated_id, attributes = update(physical_id, old, new, *rest)
        return updated_id, {**attributes, **(carry(updated_id, new) or {})}

    provisioners._RESOURCE_HANDLERS[resource_type] = {**handlers, "create": created, "update": updated}


def _carry_function(name: str, props: Properties) -> None:
    function = lambda_svc._functions[name]
    for prop in RECORDED:
        function["config"].pop(prop, None)
        if prop in props:
            function["config"][prop] = props[prop]
    reserved = props.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if reserved is None else int(reserved)


def _carry_table(name: str, props: Properties) -> None:
    specified = props.get("TimeToLiveSpecification")
    if specified:
        enabled = str(specified.get("Enabled", True)).lower() == "true"
        specification = {"Enabled": enabled, "AttributeName": specified["AttributeName"]}
        dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": specification})


def _vpc_attributes(_vpc_id: str, props: Properties) -> dict[str, Any]:
    return {"CidrBlock": props["CidrBlock"]}
