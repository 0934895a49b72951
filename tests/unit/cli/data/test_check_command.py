"""`atelier data check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atelier.datasets import Format
from cli.exit_codes import ExitCode
from tests.fixtures.commands import atelier
from tests.fixtures.objects import FakeObjects

GOOD = {
    "schemaVersion": "bedrock-conversation-2024",
    "messages": [
        {"role": "user", "content": [{"text": "Where is order 7?"}]},
        {"role": "assistant", "content": [{"text": "On its way."}]},
    ],
}
WRONG_ROLE = GOOD | {"messages": [{"role": "usr", "content": [{"text": "?"}]}, GOOD["messages"][1]]}


def lines(*rows: object) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return tmp_path / "train.jsonl"


def test_a_clean_file_is_told_in_one_line_and_exits_with_0(dataset: Path) -> None:
    dataset.write_text(lines(GOOD, GOOD))

    outcome = atelier("data", "check", dataset, "--technique", "sft")

    assert outcome.exit_code == ExitCode.OK
    assert f"{dataset}  2 rows" in outcome.output
    assert "nothing found" in outcome.output


def test_findings_are_told_by_rule_with_line_byte_and_place(dataset: Path) -> None:
    dataset.write_text(lines(GOOD, WRONG_ROLE, "{", WRONG_ROLE))

    outcome = atelier("data", "check", dataset, "-t", "sft")

    assert outcome.exit_code == ExitCode.FAILED
    begins = len(lines(GOOD))
    assert f"{dataset}:2  byte {begins}  messages[0].role" in outcome.output
    assert "found     'usr'" in outcome.output
    assert "accepted  user" in outcome.output
    assert f"{dataset}:3" in outcome.output


def test_only_the_first_examples_of_a_rule_are_shown_and_the_others_are_counted(dataset: Path) -> None:
    dataset.write_text(lines(*[WRONG_ROLE] * 9))

    output = atelier("data", "check", dataset, "-t", "sft").output

    assert output.count("messages[0].role") == 3
    assert "and 6 more" in output


def test_a_warning_is_shown_and_refuses_nothing(dataset: Path) -> None:
    said = {"text": "Assistant: it is on its way."}
    row = GOOD | {"messages": [GOOD["messages"][0], {"role": "assistant", "content": [said]}]}
    dataset.write_text(lines(row))

    outcome = atelier("data", "check", dataset, "-t", "sft")

    assert outcome.exit_code == ExitCode.OK
    assert "1 warning" in outcome.output


def test_every_finding_is_written_where_asked(dataset: Path, tmp_path: Path) -> None:
    dataset.write_text(lines(*[WRONG_ROLE] * 5))
    findings = tmp_path / "findings.jsonl"

    atelier("data", "check", dataset, "-t", "sft", "--findings", findings, "--global-batch-size", "64")

    written = [json.loads(pipeline) for pipeline in findings.read_text().splitlines()]
    assert [finding["line"] for finding in written] == [1, 2, 3, 4, 5, 0]
    assert written[-1]["rule"] == "min-rows"
    assert written[0].keys() == {"file", "line", "offset", "rule", "at", "found", "accepted", "severity"}


def test_two_processes_find_the_same(dataset: Path, tmp_path: Path) -> None:
    dataset.write_text(lines(*[GOOD, WRONG_ROLE] * 500))
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"

    atelier("data", "check", dataset, "-t", "sft", "--findings", one)
    atelier("data", "check", dataset, "-t", "sft", "--findings", two, "--jobs", "2")

    assert one.read_text() == two.read_text()
    assert len(one.read_text().splitlines()) == 500


def test_findings_are_not_written_over_the_dataset(dataset: Path) -> None:
    dataset.write_text(lines(WRONG_ROLE))

    outcome = atelier("data", "check", dataset, "-t", "sft", "--findings", dataset)

    assert outcome.exit_code == ExitCode.INVALID
    assert "is the dataset itself" in outcome.stderr
    assert dataset.read_text() == lines(WRONG_ROLE)


def test_standard_input_is_a_dataset() -> None:
    outcome = atelier("data", "check", "-", "-t", "sft", typed=lines(GOOD, WRONG_ROLE))

    assert outcome.exit_code == ExitCode.FAILED
    assert "standard input:2" in outcome.output


def test_an_object_in_s3_is_a_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = FakeObjects({"s3://b/train.jsonl": lines(GOOD, WRONG_ROLE).encode()})
    monkeypatch.setattr("cli.data.source.objects_of", lambda _environment: objects)

    outcome = atelier("data", "check", "s3://b/train.jsonl", "-t", "sft")

    assert outcome.exit_code == ExitCode.FAILED
    assert "s3://b/train.jsonl:2" in outcome.output


@pytest.mark.parametrize("name", ["", "nowhere.jsonl", ".", "\0", "s3://b/missing.jsonl", "s3://b"])
def test_what_cannot_be_read_exits_with_2_and_says_why(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.data.source.objects_of", lambda _environment: FakeObjects({}))

    outcome = atelier("data", "check", name, "-t", "sft")

    assert outcome.exit_code == ExitCode.INVALID
    assert outcome.stderr.startswith(f"FILE = {name!r}: ")


def test_an_unknown_format_is_wrong_usage_with_the_nearest() -> None:
    outcome = atelier("data", "check", "x.jsonl", "-t", "sfft")

    assert outcome.exit_code == ExitCode.INVALID
    assert "did you mean 'sft'?" in outcome.stderr


def test_every_format_is_in_the_help() -> None:
    shown = " ".join(atelier("data", "check", "--help").output.replace("│", " ").split())

    assert [format_ for format_ in Format if f"{format_}" not in shown] == []


def test_a_base_model_s_recipe_is_asked_for_more(dataset: Path) -> None:
    dataset.write_text(lines(*[GOOD] * 8))

    outcome = atelier("data", "check", dataset, "-t", "sft", "--base-model", "nova-2-lite")

    assert outcome.exit_code == ExitCode.FAILED
    assert "at least 32: one batch (global_batch_size 32)" in outcome.output


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("nova-2-light", "did you mean 'nova-2-lite'?"),
        ("nova-canvas", "cannot be customized: it makes images"),
        ("nova-2-lite", "has no recipe that reads dpo; it has some for sft"),
    ],
)
def test_a_base_model_that_reads_no_such_file_is_refused(dataset: Path, model: str, says: str) -> None:
    dataset.write_text(lines(GOOD))

    outcome = atelier("data", "check", dataset, "-t", "dpo", "--base-model", model)

    assert outcome.exit_code == ExitCode.INVALID
    assert says in outcome.stderr


def test_a_row_that_is_in_the_evaluation_is_found(dataset: Path, tmp_path: Path) -> None:
    dataset.write_text(lines(GOOD))
    evaluation = tmp_path / "gen_qa.jsonl"
    evaluation.write_text(lines({"query": "where is  order 7", "response": "On its way."}))

    outcome = atelier("data", "check", dataset, "-t", "sft", "--against", evaluation)

    assert outcome.exit_code == ExitCode.FAILED
    assert "leak-exact" in outcome.output


def test_an_evaluation_that_cannot_be_read_says_so(dataset: Path, tmp_path: Path) -> None:
    dataset.write_text(lines(GOOD))

    outcome = atelier("data", "check", dataset, "-t", "sft", "--against", tmp_path / "none.jsonl")

    assert outcome.exit_code == ExitCode.INVALID
    assert "--against" in outcome.stderr


def test_an_evaluation_of_another_format_is_not_taken_for_one_that_asks_nothing(
    dataset: Path, tmp_path: Path
) -> None:
    dataset.write_text(lines(GOOD))
    evaluation = tmp_path / "held-out.jsonl"
    evaluation.write_text(lines(GOOD))

    outcome = atelier("data", "check", dataset, "-t", "sft", "--against", evaluation)

    assert outcome.exit_code == ExitCode.INVALID
    assert "no question in text is found in it as gen_qa; --against-technique names" in outcome.stderr


def test_findings_are_not_written_to_a_file_of_the_name_of_standard_output(dataset: Path) -> None:
    dataset.write_text(lines(WRONG_ROLE))

    outcome = atelier("data", "check", dataset, "-t", "sft", "--findings", "-")

    assert outcome.exit_code == ExitCode.INVALID
    assert "--findings = '-'" in outcome.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is always full")
def test_a_full_disk_is_said_in_one_line(dataset: Path) -> None:
    dataset.write_text(lines(*[WRONG_ROLE] * 1_000))

    outcome = atelier("data", "check", dataset, "-t", "sft", "--findings", "/dev/full")

    assert outcome.exit_code == ExitCode.FAILED
    assert outcome.stderr == "cannot write: No space left on device\n"
