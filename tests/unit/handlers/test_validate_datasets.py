"""State ValidateDatasets."""

from __future__ import annotations

import json

import pytest

from atelier.errors import InvalidDataset, InvalidScenarios
from lambdas.handlers.validate_datasets import handler
from tests.support.runs import BUCKET, RUN_ID, a_run, a_stage
from tests.unit.handlers.conftest import World

TRAIN = f"s3://{BUCKET}/datasets/a/train.jsonl"
GEN_QA = f"s3://{BUCKET}/datasets/b/gen_qa.jsonl"
SCENARIOS = f"s3://{BUCKET}/datasets/c/scenarios.jsonl"
TALK = {
    "messages": [
        {"role": "user", "content": [{"text": "Hello"}]},
        {"role": "assistant", "content": [{"text": "Hi"}]},
    ]
}


def lines(*samples: object) -> bytes:
    return b"".join(json.dumps(sample).encode() + b"\n" for sample in samples)


def test_validate_datasets_counts_the_rows_and_bytes_of_every_field(world: World) -> None:
    world.objects.stored = {TRAIN: lines(TALK, TALK), GEN_QA: lines({"query": "q", "response": "r"})}
    run = a_run(stages=[a_stage(validation=TRAIN)])
    result = handler({"run_id": RUN_ID, "run": run}, None)
    size = len(lines(TALK, TALK))
    assert result["datasets"] == [
        {"uri": TRAIN, "role": "stages.0.train", "rows": 2, "bytes": size},
        {"uri": TRAIN, "role": "stages.0.validation", "rows": 2, "bytes": size},
        {
            "uri": GEN_QA,
            "role": "evaluation.0.dataset",
            "rows": 1,
            "bytes": len(world.objects.stored[GEN_QA]),
        },
    ]


def test_validate_datasets_tells_the_findings_of_all_files_at_once(world: World) -> None:
    world.objects.stored = {TRAIN: lines(TALK, {"messages": TALK["messages"][:1]}) + b"{oops\n"}
    deployment = {"target": "bedrock-on-demand", "name": "agent", "canary": {"scenarios": SCENARIOS}}
    with pytest.raises(InvalidDataset) as refused:
        handler({"run_id": RUN_ID, "run": a_run(deployment=deployment)}, None)
    message = str(refused.value)
    assert message.startswith("datasets: 4 findings\n")
    assert f"{TRAIN}, line 2, messages: found 1 turns" in message
    assert f"{TRAIN}, line 3: found " in message
    assert f"{GEN_QA}, file: found no such object" in message
    assert f"{SCENARIOS}, file: found no such object" in message


def test_validate_datasets_refuses_scenarios_that_the_smoke_test_could_not_read(world: World) -> None:
    world.objects.stored = {
        TRAIN: lines(TALK),
        GEN_QA: lines({"query": "q", "response": "r"}),
        SCENARIOS: lines({"prompt": "Hello"}, {"prompt": "Hello", "expects": "Hi"}),
    }
    deployment = {"target": "bedrock-on-demand", "name": "agent", "canary": {"scenarios": SCENARIOS}}
    with pytest.raises(InvalidScenarios, match=f"{SCENARIOS} line 2: unknown key 'expects'"):
        handler({"run_id": RUN_ID, "run": a_run(deployment=deployment)}, None)
