"""Tags of custom models and deployments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localcloud.aws.services.authorization import tag_context
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Call, Operation
from localcloud.common.service_error import ServiceError

if TYPE_CHECKING:
    from localcloud.aws.services.bedrock.records import CustomModel, Deployment


class Tags:
    """TagResource, UntagResource and ListTagsForResource."""

    def __init__(self, models: Records[CustomModel], deployments: Records[Deployment]) -> None:
        self._models = models
        self._deployments = deployments

    def by_name(self) -> dict[str, Operation]:
        return {"TagResource": self.tag, "UntagResource": self.untag, "ListTagsForResource": self.list}

    def tag(self, call: Call) -> dict[str, Any]:
        tags = {tag["key"]: tag["value"] for tag in call.params["tags"]}
        record = self._find(call, "bedrock:TagResource", tag_context(tags))
        record.tags |= tags
        self._save(record)
        return {}

    def untag(self, call: Call) -> dict[str, Any]:
        keys = call.params["tagKeys"]
        record = self._find(call, "bedrock:UntagResource", {"aws:TagKeys": keys})
        record.tags = {key: value for key, value in record.tags.items() if key not in keys}
        self._save(record)
        return {}

    def list(self, call: Call) -> dict[str, Any]:
        record = self._find(call, "bedrock:ListTagsForResource", {})
        return {"tags": [{"key": key, "value": value} for key, value in record.tags.items()]}

    def _find(self, call: Call, action: str, context: Mapping[str, Any]) -> CustomModel | Deployment:
        arn = call.params["resourceARN"]
        record = self._models.get(arn) or self._deployments.get(arn)
        standing = {f"aws:ResourceTag/{key}": value for key, value in record.tags.items()} if record else {}
        call.caller.require(action, arn, {**standing, **context})
        if record is None:
            raise ServiceError("ResourceNotFoundException", f"The resource {arn} does not exist.")
        return record

    def _save(self, record: CustomModel | Deployment) -> None:
        # Both stores key by ARN; a record belongs to the one that has it.
        store: Records[Any] = self._models if self._models.get(record.arn) is not None else self._deployments
        store.put(record.arn, record)
