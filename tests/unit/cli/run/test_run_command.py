"""`atelier run` and `atelier watch`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atelier.recipes.hub.recipe import HubRecipe
from cli.exit_codes import ExitCode
from client.executions import Execution, StateVisit
from config.environments.dev import DEV
from tests.fixtures.commands import atelier
from tests.fixtures.hub import LORA_SFT, a_hub, entry
from tests.fixtures.operations import an_operation
from tests.fixtures.pipeline import BUCKET, START, FakePipeline, ends

RUN_ID = "tool-calling-20261123140500"


def test_run_uploads_local_datasets_and_starts_the_run_with_their_addresses(
    pipeline: FakePipeline, run_file: Path
) -> None:
    outcome = atelier("run", run_file, "--run-id", RUN_ID)

    assert outcome.exit_code == ExitCode.OK, outcome.output
    train = f"s3://{BUCKET}/datasets/0123456789abcdef/train.jsonl"
    assert pipeline.executions.runs[RUN_ID].run["stages"][0]["train"] == train
    assert sorted(pipeline.datasets.uploaded.values()) == ["gen_qa.jsonl", "train.jsonl"]


def test_run_keeps_the_run_file_as_it_was_submitted(pipeline: FakePipeline, run_file: Path) -> None:
    atelier("run", run_file, "--run-id", RUN_ID)

    kept = json.loads(pipeline.objects.stored[f"s3://{BUCKET}/runs/{RUN_ID}/run.json"])
    assert kept == pipeline.executions.runs[RUN_ID].run


def test_run_without_an_id_is_named_after_the_file_and_the_time(
    pipeline: FakePipeline, run_file: Path
) -> None:
    outcome = atelier("run", run_file)

    (run_id,) = pipeline.executions.runs
    assert run_id in outcome.output
    assert run_id.removeprefix("tool-calling-").isdigit()


def test_run_with_the_same_id_twice_is_one_run(pipeline: FakePipeline, run_file: Path) -> None:
    atelier("run", run_file, "--run-id", RUN_ID)
    again = atelier("run", run_file, "--run-id", RUN_ID)

    assert again.exit_code == ExitCode.OK
    assert "was started before" in again.output
    assert list(pipeline.executions.runs) == [RUN_ID]


def test_run_uploads_nothing_when_the_file_is_refused(pipeline: FakePipeline, run_file: Path) -> None:
    run_file.write_text(run_file.read_text().replace("atelier-tiny", "atelier-huge"))

    outcome = atelier("run", run_file)

    assert outcome.exit_code == ExitCode.INVALID
    assert "atelier-huge" in outcome.stderr
    assert pipeline.datasets.uploaded == {}
    assert pipeline.executions.runs == {}


@pytest.mark.parametrize("document", ["", "- a list", "name: [unclosed", "stages: {train: 3}"])
def test_run_refuses_what_is_no_run_file_with_a_message(
    pipeline: FakePipeline, tmp_path: Path, document: str
) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(document)

    outcome = atelier("run", file)

    assert outcome.exit_code == ExitCode.INVALID, outcome.output
    assert outcome.stderr
    assert pipeline.executions.runs == {}


def test_run_names_the_field_of_a_dataset_that_is_not_there(pipeline: FakePipeline, run_file: Path) -> None:
    (run_file.parent / "gen_qa.jsonl").unlink()

    outcome = atelier("run", run_file)

    assert outcome.exit_code == ExitCode.INVALID
    assert "evaluation.0.dataset = 'gen_qa.jsonl'" in outcome.stderr


def test_run_names_every_dataset_it_cannot_take_as_the_file_has_it(
    pipeline: FakePipeline, run_file: Path
) -> None:
    (run_file.parent / "gen_qa.jsonl").unlink()
    (run_file.parent / "my train.jsonl").write_text("{}\n")
    run_file.write_text(run_file.read_text().replace("train.jsonl", "my train.jsonl"))

    outcome = atelier("run", run_file)

    assert "run file: 2 problems" in outcome.stderr
    assert "stages.0.train = 'my train.jsonl': accepted: <name>.jsonl, without spaces" in outcome.stderr


def test_a_message_is_not_broken_at_the_terminal_s_width(pipeline: FakePipeline, run_file: Path) -> None:
    (run_file.parent / "gen_qa.jsonl").unlink()

    message = atelier("run", run_file).stderr.splitlines()[1]

    assert message.endswith("or s3://…")
    assert len(message) > 100


def test_an_interrupt_while_starting_says_how_to_finish_the_start(
    pipeline: FakePipeline, run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_path: Path, _uri: str) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(pipeline.datasets, "upload", interrupted)
        outcome = atelier("run", run_file)

    assert outcome.exit_code == ExitCode.INTERRUPTED
    command = outcome.stderr.splitlines()[-1].split()
    assert command[:2] == ["atelier", "run"]
    assert atelier(*command[1:]).exit_code == ExitCode.OK
    assert list(pipeline.executions.runs) == [command[4]]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("PROMOTED", ExitCode.OK),
        ("ACCEPTED", ExitCode.OK),
        ("REJECTED", ExitCode.NOT_PROMOTED),
        ("SUPERSEDED", ExitCode.NOT_PROMOTED),
        ("ROLLED_BACK", ExitCode.NOT_PROMOTED),
        ("FAILED", ExitCode.FAILED),
    ],
)
def test_watch_exits_as_the_run_ended(pipeline: FakePipeline, status: str, code: ExitCode) -> None:
    pipeline.executions.start(RUN_ID, {})
    pipeline.executions.script = [lambda running: running, ends(status)]

    outcome = atelier("watch", RUN_ID)

    assert outcome.exit_code == code
    assert f"{RUN_ID} {status} after 1 min 00 s" in outcome.output


def test_watch_says_why_a_run_failed(pipeline: FakePipeline) -> None:
    pipeline.executions.start(RUN_ID, {})
    pipeline.executions.script = [ends("FAILED", error="JobFailed", cause="loss is NaN")]

    assert "JobFailed: loss is NaN" in atelier("watch", RUN_ID).output


def test_watch_tells_each_step_once_when_it_changes(pipeline: FakePipeline) -> None:
    pipeline.executions.start(RUN_ID, {"stages": [{"technique": "sft"}]})
    pipeline.executions.state_visits = [StateVisit("ValidateRun", START, START)]
    pipeline.operations.record(an_operation("s0"))
    pipeline.executions.script = [lambda running: running] * 3 + [ends("FAILED")]

    lines = atelier("watch", RUN_ID).output.splitlines()

    assert len([text for text in lines if text.startswith("running   train 1: sft lora")]) == 1
    assert len([text for text in lines if text.startswith("done      validate")]) == 1


def test_watch_of_a_run_s_name_takes_its_latest_run(pipeline: FakePipeline) -> None:
    pipeline.executions.start("tool-calling-20261122000000", {})
    pipeline.executions.start(RUN_ID, {})
    pipeline.executions.script = [ends("PROMOTED")]

    assert f"{RUN_ID} PROMOTED" in atelier("watch", "tool-calling").output


def test_watch_of_an_unknown_run_says_so(pipeline: FakePipeline) -> None:
    outcome = atelier("watch", "tool-calling-20200101000000")

    assert outcome.exit_code == ExitCode.UNREACHABLE
    assert "no run 'tool-calling-20200101000000'" in outcome.stderr


def test_an_interrupt_while_watching_leaves_the_run_going_and_says_how_to_go_on(
    pipeline: FakePipeline, run_file: Path
) -> None:
    def interrupted(_running: Execution) -> Execution:
        raise KeyboardInterrupt

    pipeline.executions.script = [interrupted]

    outcome = atelier("run", run_file, "--run-id", RUN_ID, "--watch")

    assert outcome.exit_code == ExitCode.INTERRUPTED
    assert f"atelier watch {RUN_ID} --env local" in outcome.stderr
    assert f"atelier stop {RUN_ID} --env local" in outcome.stderr
    assert pipeline.executions.runs[RUN_ID].status == "RUNNING"
    assert pipeline.operations.stops == set()


def test_a_run_with_a_hub_recipe_takes_it_along_and_a_later_sync_does_not_change_the_run(
    pipeline: FakePipeline, run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = a_hub(entry())
    monkeypatch.setattr("cli.recipes.lists.hub_of_region", lambda _region: hub)
    run_file.write_text(run_file.read_text().replace("atelier-tiny", "nova-micro"))
    run_file.write_text(run_file.read_text().replace("technique: sft", "recipe: hub\n  technique: sft"))
    monkeypatch.setattr("tests.fixtures.pipeline.LOCAL", DEV)
    atelier("recipes", "--sync", "--model", "nova-micro")

    outcome = atelier("run", run_file, "--run-id", RUN_ID)

    assert outcome.exit_code == ExitCode.OK, outcome.output
    address = pipeline.executions.runs[RUN_ID].run["stages"][0]["recipe"]
    recipe = HubRecipe.from_bytes(pipeline.objects.stored[address])
    assert address == f"s3://{BUCKET}/hub-recipes/{recipe.sha256}.json"
    assert recipe.name == LORA_SFT

    hub.files = {uri: data.replace(b"32768", b"65536") for uri, data in hub.files.items()}
    atelier("recipes", "--sync", "--model", "nova-micro")
    again = atelier("run", run_file, "--run-id", RUN_ID)

    assert again.exit_code == ExitCode.INVALID
    assert "another run file" in again.stderr
