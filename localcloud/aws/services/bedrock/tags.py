"""Tags of Bedrock's resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.aws.services.authorization import tag_context
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Call, Operation
from localcloud.common.service_error import ServiceError


class Tags:
    """TagResource, UntagResource and ListTagsForResource on the records of every store."""

    def __init__(self, stores: Sequence[Records[Any]]) -> None:
        self._stores = stores

    def by_name(self) -> dict[str, Operation]:
        return {"TagResource": self.tag, "UntagResource": self.untag, "ListTagsForResource": self.list}

    def tag(self, call: Call) -> dict[str, Any]:
        tags = {tag["key"]: tag["value"] for tag in call.params["tags"]}
        store, record = self._find(call, "bedrock:TagResource", tag_context(tags))
        record.tags |= tags
        store.put(record.arn, record)
        return {}

    def untag(self, call: Call) -> dict[str, Any]:
        keys = call.params["tagKeys"]
        store, record = self._find(call, "bedrock:UntagResource", {"aws:TagKeys": keys})
        record.tags = {key: value for key, value in record.tags.items() if key not in keys}
        store.put(record.arn, record)
        return {}

    def list(self, call: Call) -> dict[str, Any]:
        _, record = self._find(call, "bedrock:ListTagsForResource", {})
        return {"tags": [{"key": key, "value": value} for key, value in record.tags.items()]}

    def _find(self, call: Call, action: str, context: Mapping[str, Any]) -> tuple[Records[Any], Any]:
        """The record of an ARN and the store that has it."""
        arn = call.params["resourceARN"]
        found = [(store, record) for store in self._stores if (record := store.get(arn)) is not None]
        tags = {f"aws:ResourceTag/{key}": value for _, one in found for key, value in one.tags.items()}
        call.caller.require(action, arn, {**tags, **context})
        if not found:
            raise ServiceError("ResourceNotFoundException", f"The resource {arn} does not exist.")
        return found[0]
