"""State PublishReport."""

from __future__ import annotations

from lambdas.handlers.publish_report import handler
from tests.fixtures.handlers import World
from tests.fixtures.reports import an_event, the_rows
from tests.fixtures.runs import BUCKET, RUN_ID


def test_the_report_is_written_and_announced(world: World) -> None:
    world.operations.rows = {(row.run_id, row.step): row for row in the_rows()}
    published = handler(an_event(), None)
    assert published["report_uri"] == f"s3://{BUCKET}/runs/{RUN_ID}/report/index.html"
    assert published["subject"] == f"Atelier: {RUN_ID} PROMOTED"
    assert {published["report_uri"], published["report_json_uri"]} <= set(world.objects.stored)
