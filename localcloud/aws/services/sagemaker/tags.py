"""Tags of SageMaker's resources: the same three operations for all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from localcloud.aws.services.authorization import tag_context
from localcloud.aws.services.service import Call, Operation
from localcloud.common.service_error import ServiceError


class Tagged(Protocol):
    """A record with tags."""

    tags: dict[str, str]


class Store(Protocol):
    """Where records of a kind are."""

    def get(self, arn: str) -> Any: ...

    def save(self, record: Any) -> None: ...


class TagOperations:
    """AddTags, DeleteTags and ListTags on the records of several stores."""

    def __init__(self, *stores: Store) -> None:
        self._stores = stores

    def by_name(self) -> dict[str, Operation]:
        return {"AddTags": self.add, "DeleteTags": self.delete, "ListTags": self.list}

    def add(self, call: Call) -> dict[str, Any]:
        tags = {tag["Key"]: tag["Value"] for tag in call.params["Tags"]}
        store, record = self._find(call, "sagemaker:AddTags", tag_context(tags))
        record.tags |= tags
        store.save(record)
        return {"Tags": _listed(record)}

    def delete(self, call: Call) -> dict[str, Any]:
        keys = call.params["TagKeys"]
        store, record = self._find(call, "sagemaker:DeleteTags", {"aws:TagKeys": keys})
        record.tags = {key: value for key, value in record.tags.items() if key not in keys}
        store.save(record)
        return {}

    def list(self, call: Call) -> dict[str, Any]:
        return {"Tags": _listed(self._find(call, "sagemaker:ListTags", {})[1])}

    def _find(self, call: Call, action: str, context: Mapping[str, Any]) -> tuple[Store, Tagged]:
        arn = call.params["ResourceArn"]
        call.caller.require(action, arn, context)
        for store in self._stores:
            record = store.get(arn)
            if record is not None:
                return store, record
        raise ServiceError("ValidationException", f"{arn} is nothing that the embedded cloud has")


def _listed(record: Tagged) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in record.tags.items()]
