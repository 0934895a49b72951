"""State PublishReport: write down how the run ended and what it found."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from atelier.report.content import compile_report
from atelier.report.publish import publish
from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The run's variables, null or not → {report_uri, report_json_uri, subject, message, status}."""
    bucket = composition.settings().bucket
    report = compile_report(
        event,
        rows=composition.operations().of_run(event["run_id"]),
        jobs_of=composition.jobs_of,
        objects=composition.objects(),
        bucket=bucket,
        now=composition.now(),
    )
    published = publish(report, objects=composition.objects(), bucket=bucket)
    logger.info("report_published", extra={"run_id": report.run_id, "status": report.status})
    return asdict(published)
