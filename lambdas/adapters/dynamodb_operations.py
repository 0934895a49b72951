"""Port Operations on one DynamoDB table.

Keys: `run_id` (partition) and `step` (sort). An open row also has `open` = "yes" and `run_step`, the keys
of the sparse index `open`. The row of step `run` is no operation but the run's marker. Rows go by TTL
(`expires_at`) once they can no longer be retried. Requests, policies and decisions are stored as JSON text,
so that floats survive.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from atelier import names
from atelier.errors import ServiceUnavailable, UnknownRun
from atelier.operations.early_stopping import EarlyStop, StopPolicy
from atelier.operations.model import Operation, OperationResult, OperationState
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

OPEN_INDEX = "open"
_MARKER = "run"
# As long as Step Functions keeps an execution's history.
_RETENTION_SECONDS = 90 * 24 * 3600

_Attributes = dict[str, str | int | bool]


class DynamoDbOperations:
    """The operations table. Every change is one conditional write; every read of a row is consistent."""

    def __init__(
        self, *, dynamodb: DynamoDBClient, table: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def record(self, operation: Operation) -> Operation:
        """Insert the row, or give the existing row the new token."""
        return self._take_token(operation) or self._reopen(operation)

    def mark_started(self, operation: Operation) -> bool:
        """STARTED; False when the row was closed meanwhile."""
        started: _Attributes = {"state": OperationState.STARTED.value}
        return self._update(_key(operation), started, condition="attribute_exists(#open)") is not None

    def note(self, operation: Operation, detail: str) -> None:
        """The detail, unless the row was closed meanwhile."""
        self._update(_key(operation), {"detail": detail}, condition="attribute_exists(#open)")

    def stop_early(self, operation: Operation, decision: EarlyStop) -> EarlyStop | None:
        """Write the decision unless there is one; returns the recorded one, None for a closed row."""
        current = self._put_once(operation, "early_stop", decision.to_json())
        return current.early_stop if current else None

    def conclude(self, operation: Operation, outcome: OperationResult) -> OperationResult | None:
        """Write the outcome unless there is one; returns the recorded one, None for a closed row."""
        current = self._put_once(operation, "outcome", outcome.to_json())
        return current.outcome if current else None

    def close(self, operation: Operation, *, at: int, error: str = "") -> None:
        """ENDED and out of the open index, unless a retry's token has taken the row over."""
        self._update(
            _key(operation),
            {"state": OperationState.ENDED.value, "ended_at": at, "error": error},
            remove=("open", "run_step"),
            condition="attribute_exists(#open) AND #token = :token",
            compare={"token": operation.token},
        )

    def get(self, run_id: str, step: str) -> Operation | None:
        """One row; None when there is none."""
        item = self._item(run_id, step)
        return _operation(item) if item else None

    def open_steps(self) -> Iterator[tuple[str, str]]:
        """Keys of every row in the open index."""
        items = self._query(
            IndexName=OPEN_INDEX,
            KeyConditionExpression="#open = :open",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":open": {"S": "yes"}},
        )
        for item in items:
            yield item["run_id"]["S"], item["step"]["S"]

    def of_run(self, run_id: str) -> Iterator[Operation]:
        """Every operation of a run, by step."""
        items = self._query(
            KeyConditionExpression="run_id = :run_id",
            ExpressionAttributeValues={":run_id": {"S": run_id}},
            ConsistentRead=True,
        )
        for item in items:
            if item["step"]["S"] != _MARKER:
                yield _operation(item)

    def request_stop(self, run_id: str) -> None:
        """Put the run's marker."""
        marker: _Attributes = {
            "run_id": run_id,
            "step": _MARKER,
            "stop_requested": True,
            "expires_at": int(self._clock()) + _RETENTION_SECONDS,
        }
        with domain_errors("dynamodb:PutItem", self._table):
            self._dynamodb.put_item(
                TableName=self._table, Item={name: _value(value) for name, value in marker.items()}
            )

    def stop_requested(self, run_id: str) -> bool:
        """True when the run's marker is there."""
        return self._item(run_id, _MARKER) is not None

    def decide(self, run_id: str, *, approved: bool, by: str, comment: str) -> Mapping[str, Any]:
        """Write the first decision on the open approval; returns the recorded one, open or ended."""
        decision = json.dumps({"approved": approved, "by": by, "comment": comment})
        item = self._update(
            {"run_id": run_id, "step": names.APPROVAL},
            {"decision": decision},
            condition="attribute_exists(#open) AND attribute_not_exists(#decision)",
        ) or self._item(run_id, names.APPROVAL)
        stands = _decision(item) if item else None
        if stands is None:
            raise UnknownRun(f"run {run_id} does not wait for an approval")
        return stands

    def decision(self, run_id: str) -> Mapping[str, Any] | None:
        """What a person decided, if anyone has."""
        item = self._item(run_id, names.APPROVAL)
        return _decision(item) if item else None

    def _put_once(self, operation: Operation, attribute: str, content: Mapping[str, Any]) -> Operation | None:
        """The open row with the attribute, as it is now or was already; None when the row is closed."""
        item = self._update(
            _key(operation),
            {attribute: json.dumps(content)},
            condition=f"attribute_exists(#open) AND attribute_not_exists(#{attribute})",
        )
        current = _operation(item) if item else self.get(operation.run_id, operation.step)
        return current if current and current.state is not OperationState.ENDED else None

    def _take_token(self, operation: Operation) -> Operation | None:
        first: _Attributes = {"kind": operation.kind, "request": json.dumps(operation.request)}
        if operation.stop_policy:
            first["stop_policy"] = json.dumps(operation.stop_policy.to_json())
        item = self._update(
            _key(operation),
            {"token": operation.token, **_open_keys(operation)},
            once=first | _beginning(operation),
            condition="attribute_not_exists(run_id) OR attribute_exists(#open)",
        )
        return _operation(item) if item else None

    def _reopen(self, operation: Operation) -> Operation:
        item = self._update(
            _key(operation),
            {"token": operation.token, **_open_keys(operation), **_beginning(operation)},
            remove=("ended_at", "error"),
            condition="attribute_not_exists(#open)",
        )
        if item is None:
            raise ServiceUnavailable(f"{operation.name} was recorded by another function at the same moment")
        return _operation(item)

    def _update(
        self,
        key: _Attributes,
        changes: _Attributes,
        *,
        condition: str,
        once: _Attributes | None = None,
        remove: tuple[str, ...] = (),
        compare: _Attributes | None = None,
    ) -> Mapping[str, Any] | None:
        """One UpdateItem; the new item, or None when the condition did not hold.

        `changes` are set, `once` are set where absent, `compare` are values of the condition. Names are
        always given as `#name`, values as `:name`, because half of ours are DynamoDB's reserved words.
        """
        once = once or {}
        assignments = [f"#{name} = :{name}" for name in changes]
        assignments += [f"#{name} = if_not_exists(#{name}, :{name})" for name in once]
        expression = "SET " + ", ".join(assignments)
        if remove:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in remove)
        values = changes | once | (compare or {})
        with domain_errors("dynamodb:UpdateItem", self._table):
            try:
                answer = self._dynamodb.update_item(
                    TableName=self._table,
                    Key={name: _value(value) for name, value in key.items()},
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={
                        f"#{name}": name for name in {**values, **dict.fromkeys(remove), "open": ""}
                    },
                    ExpressionAttributeValues={f":{name}": _value(value) for name, value in values.items()},
                    ReturnValues="ALL_NEW",
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return None
        return answer["Attributes"]

    def _item(self, run_id: str, step: str) -> Mapping[str, Any] | None:
        with domain_errors("dynamodb:GetItem", self._table):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key={"run_id": {"S": run_id}, "step": {"S": step}}, ConsistentRead=True
            )
        return answer.get("Item")

    def _query(self, **query: Any) -> Iterator[Mapping[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(TableName=self._table, **query)
        with domain_errors("dynamodb:Query", self._table):
            for page in pages:
                yield from page["Items"]


def _key(operation: Operation) -> _Attributes:
    return {"run_id": operation.run_id, "step": operation.step}


def _open_keys(operation: Operation) -> _Attributes:
    return {"open": "yes", "run_step": f"{operation.run_id}/{operation.step}"}


def _beginning(operation: Operation) -> _Attributes:
    return {
        "state": OperationState.RECORDED.value,
        "recorded_at": operation.recorded_at,
        "deadline": operation.deadline,
        "expires_at": operation.deadline + _RETENTION_SECONDS,
    }


def _value(value: str | int | bool) -> AttributeValueTypeDef:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _operation(item: Mapping[str, Any]) -> Operation:
    return Operation(
        run_id=item["run_id"]["S"],
        step=item["step"]["S"],
        kind=item["kind"]["S"],
        request=_json(item, "request"),
        token=item["token"]["S"],
        recorded_at=int(item["recorded_at"]["N"]),
        deadline=int(item["deadline"]["N"]),
        state=OperationState(item["state"]["S"]),
        ended_at=int(item["ended_at"]["N"]) if "ended_at" in item else None,
        error=item["error"]["S"] if "error" in item else "",
        stop_policy=StopPolicy.from_json(_json(item, "stop_policy")) if "stop_policy" in item else None,
        early_stop=EarlyStop.from_json(_json(item, "early_stop")) if "early_stop" in item else None,
        detail=item["detail"]["S"] if "detail" in item else "",
        outcome=OperationResult.from_json(_json(item, "outcome")) if "outcome" in item else None,
    )


def _decision(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return _json(item, "decision") if "decision" in item else None


def _json(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads(item[name]["S"])
    return content
