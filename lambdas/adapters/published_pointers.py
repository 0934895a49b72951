"""Port Pointers: the truth in the operations table, published as SSM parameters.

SSM cannot compare before it writes, so two runs could both win there; DynamoDB can. A pointer is the row
`run_id` = "deployments", `step` = the deployment's name; the parameter is a copy for readers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from atelier import names
from atelier.targets.pointer import Pointer
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from mypy_boto3_ssm import SSMClient


class PublishedPointers:
    """Pointers of one environment. Every change is one conditional write, and then a copy."""

    def __init__(self, *, dynamodb: DynamoDBClient, ssm: SSMClient, table: str, environment: str) -> None:
        self._dynamodb = dynamodb
        self._ssm = ssm
        self._table = table
        self._environment = environment

    def read(self, deployment_name: str) -> Pointer | None:
        """The row, read consistently."""
        text = self._text(deployment_name)
        return Pointer.from_json(json.loads(text)) if text else None

    def all(self) -> dict[str, Pointer]:
        """Every row of the partition that has a pointer."""
        with domain_errors("dynamodb:Query", self._table):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="run_id = :partition",
                ExpressionAttributeValues={":partition": {"S": names.POINTERS}},
                ConsistentRead=True,
            )
            items = [item for page in pages for item in page["Items"] if "pointer" in item]
        return {item["step"]["S"]: Pointer.from_json(json.loads(item["pointer"]["S"])) for item in items}

    def write(self, deployment_name: str, pointer: Pointer, *, instead_of: Pointer | None) -> bool:
        """Put the row if the expected one is there, then publish it."""
        condition, values = _condition(instead_of)
        with domain_errors("dynamodb:UpdateItem", self._table):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_key(deployment_name),
                    UpdateExpression="SET #pointer = :new",
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#pointer": "pointer"},
                    ExpressionAttributeValues={":new": {"S": _document(pointer)}, **values},
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        self.publish(deployment_name)
        return True

    def delete(self, deployment_name: str, *, instead_of: Pointer) -> bool:
        """Remove the pointer from the row if the expected one is there, then the parameter."""
        condition, values = _condition(instead_of)
        with domain_errors("dynamodb:UpdateItem", self._table):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_key(deployment_name),
                    UpdateExpression="REMOVE #pointer",
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#pointer": "pointer"},
                    ExpressionAttributeValues=values,
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        self.publish(deployment_name)
        return True

    def publish(self, deployment_name: str) -> None:
        """Copy the row to the parameter, and again if the row changed meanwhile."""
        copied, current = "", self._text(deployment_name)
        while True:
            self._copy(deployment_name, current)
            copied, current = current, self._text(deployment_name)
            if current == copied:
                return

    def _copy(self, deployment_name: str, text: str) -> None:
        name = names.pointer_parameter(self._environment, deployment_name)
        if text:
            with domain_errors("ssm:PutParameter", name):
                self._ssm.put_parameter(
                    Name=name,
                    Value=text,
                    Type="String",
                    Overwrite=True,
                    Description=f"What serves under the name {deployment_name}; written by Atelier",
                )
            return
        with domain_errors("ssm:DeleteParameter", name):
            try:
                self._ssm.delete_parameter(Name=name)
            except ClientError as error:
                if error_code(error) != "ParameterNotFound":
                    raise

    def _text(self, deployment_name: str) -> str:
        with domain_errors("dynamodb:GetItem", self._table):
            item = self._dynamodb.get_item(
                TableName=self._table, Key=_key(deployment_name), ConsistentRead=True
            ).get("Item", {})
        return item["pointer"]["S"] if "pointer" in item else ""


def _key(deployment_name: str) -> dict[str, AttributeValueTypeDef]:
    return {"run_id": {"S": names.POINTERS}, "step": {"S": deployment_name}}


def _document(pointer: Pointer) -> str:
    return json.dumps(pointer.to_json(), separators=(",", ":"), sort_keys=True)


def _condition(instead_of: Pointer | None) -> tuple[str, dict[str, AttributeValueTypeDef]]:
    if instead_of is None:
        return "attribute_not_exists(#pointer)", {}
    return "#pointer = :old", {":old": {"S": _document(instead_of)}}
