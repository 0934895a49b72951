"""`atelier validate`: offline, and everything at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.exit_codes import ExitCode
from tests.fixtures.commands import atelier
from tests.fixtures.hub import LORA_SFT, a_hub, entry

ROW = {
    "schemaVersion": "bedrock-conversation-2024",
    "messages": [
        {"role": "user", "content": [{"text": "Where is order 7?"}]},
        {"role": "assistant", "content": [{"text": "On its way."}]},
    ],
}
RUN: dict[str, Any] = {
    "name": "tool-calling",
    "base_model": "nova-micro",
    "stages": [{"technique": "sft", "train": "train.jsonl"}],
    "evaluation": [{"task": "gen_qa", "dataset": "gen_qa.jsonl"}],
    "gate": [{"metric": "gen_qa.exact_match", "at_least": 0.9}],
}


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ATELIER_ENV", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the datasets of RUN."""
    (tmp_path / "train.jsonl").write_text(json.dumps(ROW) + "\n")
    (tmp_path / "gen_qa.jsonl").write_text(json.dumps({"query": "When?", "response": "Now."}) + "\n")
    return tmp_path


def written(folder: Path, **changes: Any) -> Path:
    file = folder / "run.yaml"
    file.write_text(yaml.safe_dump(RUN | changes))
    return file


def test_a_run_that_may_start_says_by_which_recipe_and_on_what(folder: Path) -> None:
    outcome = atelier("validate", written(folder), "--env", "dev")

    assert outcome.exit_code == ExitCode.OK, outcome.output
    for told in (
        "tool-calling may run in dev, us-east-1",
        "nova-micro sft lora",
        "training-job, 1 x ml.g5.12xlarge",
        "nova_micro_1_0_g5_g6_12x_gpu_lora_sft (shipped)",
        "nova-micro gen_qa",
        "stages.0.train (train.jsonl)  1 row",
        "evaluation.0.dataset (gen_qa.jsonl)  1 row",
    ):
        assert told in outcome.output


def test_every_problem_of_the_run_and_of_its_data_is_told_at_once(folder: Path) -> None:
    (folder / "gen_qa.jsonl").unlink()
    (folder / "train.jsonl").write_text("{\n")
    stage = {
        "technique": "sft",
        "train": "train.jsonl",
        "hyperparameters": {"learning_rte": 1, "max_epochs": 0},
    }

    outcome = atelier("validate", written(folder, stages=[stage], gte=[]), "--env", "dev")

    assert outcome.exit_code == ExitCode.INVALID
    assert "4 problems" in outcome.stderr
    assert "evaluation.0.dataset = 'gen_qa.jsonl': no such file" in outcome.stderr
    assert "did you mean 'learning_rate'?" in outcome.stderr
    assert "stages.0.hyperparameters.max_epochs = 0" in outcome.stderr
    assert "gte" in outcome.stderr
    assert "stages.0.train (train.jsonl):1" in outcome.output
    assert "not looked at" not in outcome.output


def test_messages_name_a_dataset_as_the_run_file_does(folder: Path) -> None:
    (folder / "gen_qa.jsonl").rename(folder / "questions.jsonl")
    evaluation = [{"task": "gen_qa", "dataset": "questions.jsonl"}]

    outcome = atelier("validate", written(folder, evaluation=evaluation), "--env", "dev")

    assert outcome.exit_code == ExitCode.INVALID
    assert "evaluation.0.dataset = 'questions.jsonl': the file must be named gen_qa.jsonl" in outcome.stderr
    assert "s3://" not in outcome.stderr


def test_data_that_is_refused_refuses_the_run(folder: Path) -> None:
    (folder / "train.jsonl").write_text(json.dumps(ROW | {"extra": 1}) + "\n")

    outcome = atelier("validate", written(folder), "--env", "dev")

    assert outcome.exit_code == ExitCode.INVALID
    assert "tool-calling is valid except for its datasets in dev" in outcome.output
    assert "extra" in outcome.output


def test_without_data_only_the_run_file_is_looked_at(folder: Path) -> None:
    (folder / "train.jsonl").write_text("{\n")

    outcome = atelier("validate", written(folder), "--env", "dev", "--no-data")

    assert outcome.exit_code == ExitCode.OK
    assert "train.jsonl)" not in outcome.output
    assert str(folder / "train.jsonl") in outcome.output.partition("not checked here")[2]


def test_training_rows_that_are_in_the_evaluation_are_found(folder: Path) -> None:
    question = {"query": "Where is order 7?", "response": "On its way."}
    (folder / "gen_qa.jsonl").write_text(json.dumps(question) + "\n")

    outcome = atelier("validate", written(folder), "--env", "dev")

    assert outcome.exit_code == ExitCode.INVALID
    assert "leak-exact" in outcome.output


def test_data_in_s3_is_said_not_to_be_looked_at(folder: Path) -> None:
    stage = {"technique": "sft", "train": "s3://some-bucket/train.jsonl"}

    outcome = atelier("validate", written(folder, stages=[stage]), "--env", "dev")

    assert outcome.exit_code == ExitCode.OK, outcome.output
    assert "s3://some-bucket/train.jsonl" in outcome.output.partition("not checked here")[2]


def test_what_is_accepted_although_risky_is_a_warning(folder: Path) -> None:
    deployment = {"target": "bedrock-on-demand", "name": "support-agent"}

    outcome = atelier("validate", written(folder, deployment=deployment, gate=[]), "--env", "dev")

    assert outcome.exit_code == ExitCode.OK, outcome.output
    assert "warning: gate: none" in outcome.stderr


@pytest.mark.parametrize("document", ["", "- a list", "name: [unclosed", "stages: {train: 3}", "stages: [3]"])
def test_what_is_no_run_file_is_refused_with_a_message(tmp_path: Path, document: str) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(document)

    outcome = atelier("validate", file)

    assert outcome.exit_code == ExitCode.INVALID, outcome.output
    assert outcome.stderr


def test_a_recipe_of_the_hub_is_used_when_the_stage_says_so_and_it_was_synced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.recipes.lists.hub_of_region", lambda _region: a_hub(entry()))
    stage = {"technique": "sft", "train": "train.jsonl", "recipe": "hub"}
    file = written(folder, stages=[stage])

    before = atelier("validate", file, "--env", "dev")
    atelier("recipes", "--sync", "--model", "nova-micro")
    after = atelier("validate", file, "--env", "dev")

    assert before.exit_code == ExitCode.INVALID
    assert "atelier recipes --sync" in before.stderr
    assert after.exit_code == ExitCode.OK, after.output
    assert f"{LORA_SFT} (hub 1.0.1 " in after.output


def test_media_of_a_dataset_that_is_not_uploaded_yet_may_lie_in_any_bucket(folder: Path) -> None:
    s3 = {"s3Location": {"uri": "s3://pictures/1.png", "bucketOwner": "123456789012"}}
    row = json.loads(json.dumps(ROW))
    row["messages"][0]["content"].append({"image": {"format": "png", "source": s3}})
    (folder / "train.jsonl").write_text(json.dumps(row) + "\n")

    outcome = atelier("validate", written(folder, base_model="nova-lite"), "--env", "dev")

    assert outcome.exit_code == ExitCode.OK, outcome.output


def test_leakage_is_told_beside_what_is_wrong_with_the_run(folder: Path) -> None:
    (folder / "gen_qa.jsonl").write_text(json.dumps({"query": "Where is order 7?", "response": "r"}) + "\n")

    outcome = atelier("validate", written(folder, approval="maybe"), "--env", "dev")

    assert "approval = 'maybe'" in outcome.stderr
    assert "leak-exact" in outcome.output


def test_data_of_open_weights_is_read_as_theirs_in_a_refused_run_too(folder: Path) -> None:
    chat = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    (folder / "train.jsonl").write_text(json.dumps(chat) + "\n")

    outcome = atelier("validate", written(folder, base_model="qwen-3-8b", approval="maybe"), "--env", "dev")

    assert "stages.0.train (train.jsonl)  1 row, 88 bytes: nothing found" in outcome.stdout
