"""What a job writes, in CloudWatch Logs, with its role's permissions, as SageMaker does.

A role that may not write logs costs the job its logs and nothing else; the cloud's own log says so once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

logger = logging.getLogger("atelier.cloud")


class LogStream:
    """One log stream, made when there is something to write."""

    def __init__(self, client: Any, group: str, name: str) -> None:
        self._client = client
        self._group = group
        self._name = name
        self._is_open = False
        self._is_refused = False

    def write(self, lines: Sequence[str]) -> None:
        """Ship a batch of lines; empty ones are left out, because CloudWatch refuses them."""
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines if line]
        if not events or self._is_refused:
            return
        try:
            if not self._is_open:
                self._open()
            self._client.put_log_events(logGroupName=self._group, logStreamName=self._name, logEvents=events)
        except ClientError as error:
            self._is_refused = True
            logger.warning("no logs for %s: %s", self._name, error)

    def _open(self) -> None:
        """Create the stream, and the group before it when it is the first of it."""
        try:
            self._client.create_log_stream(logGroupName=self._group, logStreamName=self._name)
        except self._client.exceptions.ResourceNotFoundException:
            with suppress(self._client.exceptions.ResourceAlreadyExistsException):
                self._client.create_log_group(logGroupName=self._group)
            self._client.create_log_stream(logGroupName=self._group, logStreamName=self._name)
        self._is_open = True
