"""What a finished stage hands to the next."""

from __future__ import annotations

from atelier.outputs.stage_output import read_outcome
from atelier.runs import parse_run
from tests.fixtures.objects import FakeObjects
from tests.fixtures.runs import BUCKET, RUN_ID, a_run


def test_open_weights_are_where_sagemaker_put_the_jobs_model() -> None:
    made = f"s3://{BUCKET}/runs/{RUN_ID}/output/{RUN_ID}-s0/output/model/"
    outcome = read_outcome(
        parse_run(a_run(base_model="llama-3-1-8b-instruct")),
        stage_index=0,
        job={"job_name": f"{RUN_ID}-s0", "output_s3_path": "s3://b/o/", "model_artifacts": made},
        checkpoint=None,
        objects=FakeObjects(),
    )
    assert outcome == {"job_name": f"{RUN_ID}-s0", "stage_index": 0, "checkpoint": made}
