"""The example's data and runs: what they promise about themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from atelier.runs.checks.check_run import check_run
from examples.tool_calling.agent import converse
from examples.tool_calling.generate import TOOL_CONFIG, write
from localcloud.trainer.model.chat import parse_answer, render_call, tool_names
from tests.fixtures.paths import ROOT

TOOLS = tool_names(TOOL_CONFIG)
EXAMPLE = ROOT / "examples" / "tool_calling"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write(folder, seed=1)
    return folder


def rows(data: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (data / name).read_text().splitlines()]


def calls_by_file(data: Path) -> dict[str, list[str]]:
    fine_tuning = {
        name: [render_call(row["messages"][1]["content"][0]["toolUse"]) for row in rows(data, name)]
        for name in ("train.jsonl", "validation.jsonl")
    }
    preferred = [
        candidate["content"][0]["text"]
        for row in rows(data, "preferences.jsonl")
        for candidate in row["messages"][1]["candidates"]
        if candidate["preferenceLabel"] == "preferred"
    ]
    held_out = [row["response"] for row in rows(data, "gen_qa.jsonl")]
    return fine_tuning | {"preferences.jsonl": preferred, "gen_qa.jsonl": held_out}


def test_no_call_occurs_twice_in_all_the_files_together(data: Path) -> None:
    calls = [call for found in calls_by_file(data).values() for call in found]
    assert len(calls) > 1000
    assert len(set(calls)) == len(calls)


def test_every_tool_is_held_out_equally_often(data: Path) -> None:
    called = [row["metadata"] for row in rows(data, "gen_qa.jsonl")]
    assert {tool: called.count(tool) for tool in TOOLS} == dict.fromkeys(TOOLS, 20)


def test_gold_answers_are_calls_as_the_model_writes_them(data: Path) -> None:
    for row in rows(data, "gen_qa.jsonl"):
        (block,) = parse_answer(row["response"], TOOLS)
        assert render_call(block["toolUse"]) == row["response"]


def test_a_rejected_answer_differs_from_the_preferred_one(data: Path) -> None:
    for row in rows(data, "preferences.jsonl"):
        texts = {candidate["content"][0]["text"] for candidate in row["messages"][1]["candidates"]}
        assert len(texts) == 2


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(data: Path, tmp_path: Path) -> None:
    write(tmp_path / "again", seed=1)
    write(tmp_path / "other", seed=2)
    for file in data.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()
        assert (tmp_path / "other" / file.name).read_bytes() != file.read_bytes()


class Scripted:
    """A bedrock-runtime client that replies with what it was given, and keeps what it was asked."""

    def __init__(self, *replies: tuple[str, dict[str, Any]]) -> None:
        self._replies = list(replies)
        self.requests: list[dict[str, Any]] = []

    def converse(self, **request: Any) -> dict[str, Any]:
        self.requests.append(json.loads(json.dumps(request)))
        reason, block = self._replies.pop(0)
        return {"stopReason": reason, "output": {"message": {"role": "assistant", "content": [block]}}}


def test_the_agent_uses_the_tool_and_tells_the_model_what_came_of_it() -> None:
    call = {"toolUseId": "t1", "name": "look_up_order", "input": {"order_id": "A-104"}}
    bedrock = Scripted(("tool_use", {"toolUse": call}), ("end_turn", {"text": "It is shipped."}))
    lines = list(converse(bedrock, "arn", "Where is A-104?"))
    assert lines == ['look_up_order({"order_id": "A-104"}) -> {"status": "shipped"}', "It is shipped."]
    (result,) = bedrock.requests[1]["messages"][-1]["content"]
    assert result["toolResult"] == {"toolUseId": "t1", "content": [{"json": {"status": "shipped"}}]}


def test_the_agent_gives_up_on_a_model_that_never_answers() -> None:
    call = {"toolUseId": "t1", "name": "look_up_order", "input": {"order_id": "A-104"}}
    bedrock = Scripted(*[("tool_use", {"toolUse": call})] * 5)
    assert list(converse(bedrock, "arn", "Where is A-104?"))[-1] == "(no answer after 5 calls)"


@pytest.mark.parametrize("name", ["sft", "dpo", "dpo-too-hot", "early-stopping"])
def test_the_run_files_are_accepted_in_the_embedded_cloud(name: str) -> None:
    file = EXAMPLE / f"{name}.yaml"
    document = yaml.safe_load(file.read_text().replace(" data/", " s3://bucket/datasets/0123456789abcdef/"))
    run = check_run(document, environment="local", region="us-east-1", bucket="bucket").run
    assert run.deployment is None or run.deployment.name == "support-agent"
    assert run.stages[0].adaptation == "lora"
