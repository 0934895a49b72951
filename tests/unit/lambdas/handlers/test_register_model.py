"""State RegisterModel, and FindBaseline of the next run, which reads what it wrote."""

from __future__ import annotations

import json

from lambdas.handlers import find_baseline, register_model
from tests.fixtures.handlers import World
from tests.fixtures.reports import a_decision, the_scores
from tests.fixtures.runs import BUCKET, RUN_ID, a_run

CHECKPOINT = "s3://customer-escrow-111122223333-smtj-a1/x/step_120"

NEXT_RUN_ID = "tool-calling-20261124140500"


def test_the_next_run_finds_what_this_one_put_on_record(world: World) -> None:
    event = {
        "run_id": RUN_ID,
        "run": a_run(),
        "checkpoint": CHECKPOINT,
        "scores": the_scores(),
        "decision": a_decision(),
    }
    uri = register_model.handler(event, None)["record_uri"]
    assert uri == f"s3://{BUCKET}/runs/{RUN_ID}/model.json"
    assert json.loads(world.objects.stored[uri])["metrics"]["gen_qa.exact_match"] == 0.94
    world.deployments.serve("support-agent", RUN_ID)
    start = find_baseline.handler({"run_id": NEXT_RUN_ID, "run": a_run(continue_from="serving")}, None)
    assert (start["checkpoint"], start["baseline"]["source"]) == (CHECKPOINT, "serving")
