"""A training job's output in CloudWatch Logs, written with its role's permissions, as SageMaker does.

A role that may not write logs costs the job its logs and nothing else; the cloud's own log says so once.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

logger = logging.getLogger("atelier.cloud")
GROUP = "/aws/sagemaker/TrainingJobs"
HOST = "algo-1"


class JobLog:
    """The log stream of one job: `<job>/algo-1-<epoch>`."""

    def __init__(self, client: Any, job_name: str) -> None:
        self._client = client
        self._stream = f"{job_name}/{HOST}-{int(time.time())}"
        self._is_open = False
        self._is_refused = False

    def write(self, lines: list[str]) -> None:
        """Ship a batch of lines; empty ones are left out, because CloudWatch refuses them."""
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines if line]
        if not events or self._is_refused:
            return
        try:
            if not self._is_open:
                self._open()
            self._client.put_log_events(logGroupName=GROUP, logStreamName=self._stream, logEvents=events)
        except ClientError as error:
            self._is_refused = True
            logger.warning("no logs for %s: %s", self._stream, error)

    def _open(self) -> None:
        """Create the stream, and the group before it in the account's first job."""
        try:
            self._client.create_log_stream(logGroupName=GROUP, logStreamName=self._stream)
        except self._client.exceptions.ResourceNotFoundException:
            with suppress(self._client.exceptions.ResourceAlreadyExistsException):
                self._client.create_log_group(logGroupName=GROUP)
            self._client.create_log_stream(logGroupName=GROUP, logStreamName=self._stream)
        self._is_open = True
