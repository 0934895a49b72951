"""Put a report where people and programs find it, and say so."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from atelier import names
from atelier.gate.decide import Decision
from atelier.report.content import Report
from atelier.report.notice import end_notice
from atelier.report.page import render
from atelier.storage import Objects


@dataclass(frozen=True)
class Published:
    """Where the report is, and the notice that announces it."""

    report_uri: str
    report_json_uri: str
    subject: str
    message: str
    status: str


def publish(report: Report, *, objects: Objects, bucket: str) -> Published:
    """Write both forms of the report."""
    page_uri = f"s3://{bucket}/{names.report_key(report.run_id, 'index.html')}"
    json_uri = f"s3://{bucket}/{names.report_key(report.run_id, 'report.json')}"
    content = json.dumps(asdict(report), indent=2, ensure_ascii=False, allow_nan=False)
    objects.write(json_uri, content.encode(), content_type="application/json")
    objects.write(page_uri, render(report).encode(), content_type="text/html; charset=utf-8")
    decision = Decision.from_json(report.decision) if report.decision else None
    notice = end_notice(
        report.run_id, report.status, sentence=report.sentence, decision=decision, report_uri=page_uri
    )
    return Published(page_uri, json_uri, notice.subject, notice.message, report.status)
