"""SageMaker's events: "SageMaker Training Job State Change", with the job's description as detail.

AWS "may send multiple events per state change": one goes out for every secondary status, the last one twice.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import responses
from ministack.services import eventbridge

from localcloud.aws.services.sagemaker.jobs import TrainingJob

DETAIL_TYPE = "SageMaker Training Job State Change"
MILLISECONDS = (
    "CreationTime",
    "LastModifiedTime",
    "TrainingStartTime",
    "TrainingEndTime",
    "StartTime",
    "EndTime",
)


def emit(job: TrainingJob) -> None:
    """Publish the job's state to the account's default bus."""
    entry = {
        "Source": "aws.sagemaker",
        "DetailType": DETAIL_TYPE,
        "Detail": json.dumps(_detail(job)),
        "Resources": [job.arn],
    }
    with responses.request_scope(job.account_id, job.region):
        for _ in range(2 if job.is_terminal else 1):
            eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _detail(job: TrainingJob) -> dict[str, Any]:
    described = {name: value for name, value in job.description().items() if name not in ("ProfilingStatus",)}
    detail: dict[str, Any] = _in_milliseconds(described)
    return {**detail, "Tags": job.tags}


def _in_milliseconds(value: Any) -> Any:
    """The API's seconds are milliseconds in events."""
    if isinstance(value, dict):
        return {
            name: int(member * 1000) if name in MILLISECONDS else _in_milliseconds(member)
            for name, member in value.items()
        }
    return [_in_milliseconds(member) for member in value] if isinstance(value, list) else value
