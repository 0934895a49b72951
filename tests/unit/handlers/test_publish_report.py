"""State PublishReport."""

from __future__ import annotations

from lambdas.handlers.publish_report import handler
from tests.support.reports import an_event, the_rows
from tests.support.runs import BUCKET, RUN_ID
from tests.unit.handlers.conftest import World


def test_the_report_is_written_and_announced(world: World) -> None:
    world.operations.rows = {(row.run_id, row.step): row for row in the_rows()}
    published = handler(an_event(), None)
    assert published["report_uri"] == f"s3://{BUCKET}/runs/{RUN_ID}/report/index.html"
    assert published["subject"] == f"Atelier: {RUN_ID} PROMOTED"
    assert {published["report_uri"], published["report_json_uri"]} <= set(world.objects.stored)
