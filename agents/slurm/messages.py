"""The cluster's queue: each message says at which job to look now, and no more.

What is to be done with the job follows from its bundle and its record, so a message that comes twice, late
or never changes nothing: the agent looks at the whole inbox every minute too.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from .bundle import JOB_NAME
from .config import Config

_ACTIONS = ("submit", "cancel")
_MOST = 10

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """A job to look at, and the receipt by which its message is kept or deleted."""

    job: str
    receipt: str


class Queue:
    """Messages are invisible to others for `visibility_seconds`; one that is never deleted ends in the
    dead-letter queue."""

    def __init__(self, *, sqs: Any, config: Config) -> None:
        self._sqs = sqs
        self._url = config.queue_url
        self._wait = round(config.poll_seconds)
        self._visibility = round(config.visibility_seconds)

    def receive(self) -> list[Message]:
        """Wait for messages; empty after the time limit. A malformed message is ignored."""
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_MOST,
            WaitTimeSeconds=self._wait,
            VisibilityTimeout=self._visibility,
        )
        received = [
            (_job(item.get("Body", "")), item["ReceiptHandle"]) for item in answer.get("Messages", [])
        ]
        if any(job is None for job, _ in received):
            logger.error("message_malformed")
        return [Message(job, receipt) for job, receipt in received if job]

    def keep(self, message: Message) -> None:
        """Keep it invisible for as long again."""
        self._sqs.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=message.receipt, VisibilityTimeout=self._visibility
        )

    def delete(self, message: Message) -> None:
        """It is done with."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)


def _job(body: str) -> str | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    job = content.get("job") if isinstance(content, dict) and content.get("action") in _ACTIONS else None
    return job if isinstance(job, str) and JOB_NAME.fullmatch(job) else None
