"""Properties that MiniStack's CloudFormation accepts and drops, although its services honour them.

A function's dead-letter queue and reserved concurrency, and a table's time to live: without them the stack would
deploy and behave differently.
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


def _after(resource_type: str, carry: Callable[[str, Properties], None]) -> None:
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handlers["create"], handlers["update"]

    def created(logical_id: str, props: Properties, stack: str) -> Any:
        result = create(logical_id, props, stack)
        carry(result[0], props)
        return result

    def updated(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        result = update(physical_id, old, new, *rest)
        carry(result[0], new)
        return result

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
    wanted = props.get("TimeToLiveSpecification")
    if wanted:
        enabled = str(wanted.get("Enabled", True)).lower() == "true"
        specification = {"Enabled": enabled, "AttributeName": wanted["AttributeName"]}
        dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": specification})
