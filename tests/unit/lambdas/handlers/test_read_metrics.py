"""State ReadMetrics."""

from __future__ import annotations

import json

from lambdas.handlers.read_metrics import handler
from tests.fixtures.handlers import World
from tests.fixtures.objects import tar_gz
from tests.fixtures.runs import BUCKET, RUN_ID


def test_read_metrics_returns_the_scores_of_its_subject(world: World) -> None:
    job_name = f"{RUN_ID}-e0c"
    job = {"job_name": job_name, "output_s3_path": f"s3://{BUCKET}/runs/{RUN_ID}/evaluation/"}
    report = {"results": {"custom|gen_qa_gen_qa|0": {"em": 0.5, "em_stderr": 0.1}}}
    answer = {"prompt": "q", "inference": "a", "gold": "b", "metadata": ""}
    folder = f"{job_name}/eval_results"
    world.objects.stored[f"{job['output_s3_path']}{job_name}/output/output.tar.gz"] = tar_gz(
        {
            f"{folder}/inference_output.jsonl": json.dumps(answer).encode() + b"\n",
            f"{folder}/results_2026-11-23.json": json.dumps(report).encode(),
        }
    )
    event = {"run_id": RUN_ID, "evaluation_index": 0, "subject": "candidate", "job": job}
    assert json.loads(json.dumps(handler(event, None))) == {
        "evaluation_index": 0,
        "subject": "candidate",
        "task": "gen_qa",
        "metrics": {"exact_match": 0.5},
        "stderr": {"exact_match": 0.1},
        "rows": 1,
        "examples": [{"prompt": "q", "inference": "a", "gold": "b"}],
    }
