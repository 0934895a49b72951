"""The owner of a Bedrock resource, by its tags: a name does not prove which run made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atelier import names
from lambdas.adapters.client_errors import domain_errors

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient


def is_made_by(bedrock: BedrockClient, arn: str, run_id: str) -> bool:
    """True when the resource carries the run's tag, which every create request of ours sets."""
    with domain_errors("bedrock:ListTagsForResource", arn):
        tags = bedrock.list_tags_for_resource(resourceARN=arn)["tags"]
    return {"key": names.RUN_TAG, "value": run_id} in tags
