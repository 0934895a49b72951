"""What a finished stage hands to the next."""

from __future__ import annotations

from atelier.outputs.stage_output import read_outcome
from tests.fixtures.objects import FakeObjects
from tests.fixtures.plans import a_plan
from tests.fixtures.runs import BUCKET, RUN_ID


def test_open_weights_are_where_sagemaker_put_the_jobs_model() -> None:
    made = f"s3://{BUCKET}/runs/{RUN_ID}/output/{RUN_ID}-s0/output/model/"
    outcome = read_outcome(
        a_plan(base_model="llama-3-1-8b-instruct", deployment=None).stages[0],
        stage_index=0,
        job={"job_name": f"{RUN_ID}-s0", "output_s3_path": "s3://b/o/", "model_artifacts": made},
        checkpoint=None,
        objects=FakeObjects(),
    )
    assert outcome == {"job_name": f"{RUN_ID}-s0", "stage_index": 0, "checkpoint": made}
