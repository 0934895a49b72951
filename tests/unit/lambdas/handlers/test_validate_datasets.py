"""State ValidateDatasets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from atelier.datasets.leakage import sources
from atelier.datasets.run_check import summary
from atelier.errors import InvalidDataset, InvalidScenarios, ObjectChanged
from lambdas.handlers.validate_datasets import handler
from tests.fixtures.datasets import EVALUATION, GEN_QA, TALK, TRAIN, asking, lines
from tests.fixtures.handlers import World
from tests.fixtures.runs import BUCKET, RUN_ID, a_run, a_stage

SCENARIOS = f"s3://{BUCKET}/datasets/c/scenarios.jsonl"
VALIDATION = f"s3://{BUCKET}/runs/{RUN_ID}/validation"
DEPLOYMENT = {"target": "bedrock-on-demand", "name": "agent", "canary": {"scenarios": SCENARIOS}}


def checked(**changes: Any) -> dict[str, Any]:
    return handler({"run_id": RUN_ID, "run": a_run(**changes)}, None)


def test_validate_datasets_counts_the_rows_and_bytes_of_every_field(world: World) -> None:
    world.objects.stored = {TRAIN: lines(TALK, TALK), GEN_QA: lines(EVALUATION)}
    result = checked(stages=[a_stage(validation=TRAIN)])
    size = len(lines(TALK, TALK))
    assert result["datasets"] == [
        {"uri": TRAIN, "role": "stages.0.train", "rows": 2, "bytes": size},
        {"uri": TRAIN, "role": "stages.0.validation", "rows": 2, "bytes": size},
        {"uri": GEN_QA, "role": "evaluation.0.dataset", "rows": 1, "bytes": len(lines(EVALUATION))},
    ]
    assert result["parts"] == []


def test_a_refusal_names_the_field_the_line_the_byte_and_where_all_findings_are(world: World) -> None:
    unanswered = {**TALK, "messages": TALK["messages"][:1]}
    world.objects.stored = {TRAIN: lines(TALK, unanswered) + b"{oops\n", GEN_QA: lines(EVALUATION)}
    with pytest.raises(InvalidDataset) as refused:
        checked()
    message = str(refused.value)
    second, third = len(lines(TALK)), len(lines(TALK, unanswered))
    assert message.startswith("datasets: 1 of 2 files refused\nstages.0.train (train.jsonl): 2 findings (")
    assert f"stages.0.train (train.jsonl), line 2 (byte {second}), messages" in message
    assert f"stages.0.train (train.jsonl), line 3 (byte {third})" in message
    assert message.endswith(f"- all in {VALIDATION}/stages.0.train.jsonl")
    findings = world.objects.stored[f"{VALIDATION}/stages.0.train.jsonl"].splitlines()
    written = [json.loads(finding) for finding in findings]
    assert [(finding["line"], finding["offset"]) for finding in written] == [(2, second), (3, third)]


def test_the_findings_of_all_files_are_told_at_once(world: World) -> None:
    world.objects.stored = {TRAIN: b"{oops\n"}
    with pytest.raises(InvalidDataset) as refused:
        checked()
    message = str(refused.value)
    assert message.startswith("datasets: 2 of 2 files refused\n")
    assert f"evaluation.0.dataset (gen_qa.jsonl), file: found no object {GEN_QA}" in message


def test_of_many_findings_the_first_few_are_told_and_the_rest_counted(world: World) -> None:
    world.objects.stored = {TRAIN: b"{oops\n" * 2_000, GEN_QA: lines(EVALUATION)}
    with pytest.raises(InvalidDataset) as refused:
        checked()
    assert str(refused.value).count("\n- ") == 6
    assert f"- and 1,995 more in {VALIDATION}/stages.0.train.jsonl" in str(refused.value)


def test_a_summary_is_written_for_a_run_that_goes_on_and_for_one_that_is_refused(world: World) -> None:
    world.objects.stored = {TRAIN: lines(TALK), GEN_QA: lines(EVALUATION)}
    checked()
    for content, is_valid in ((lines(TALK), True), (b"{oops\n", False)):
        world.objects.stored[TRAIN] = content
        try:
            checked()
        except InvalidDataset:
            assert not is_valid
        summary = json.loads(world.objects.stored[f"{VALIDATION}/summary.json"])
        assert [dataset["is_valid"] for dataset in summary["datasets"]] == [is_valid, True]
        assert [dataset["rows"] for dataset in summary["datasets"]] == [1, 1]


def test_a_warning_refuses_nothing_and_is_in_the_summary(world: World) -> None:
    without_version = {"messages": TALK["messages"]}
    world.objects.stored = {TRAIN: lines(without_version), GEN_QA: lines(EVALUATION)}
    checked()
    train, _ = json.loads(world.objects.stored[f"{VALIDATION}/summary.json"])["datasets"]
    assert train["rules"] == [{"rule": "schema-version-named", "severity": "warn", "count": 1}]
    assert train["findings_uri"] == f"{VALIDATION}/stages.0.train.jsonl"


def test_training_on_a_question_of_the_evaluation_is_refused_with_both_lines(world: World) -> None:
    leak = asking(f"  {EVALUATION['query'].upper()}")
    other = {"query": "What is left?", "response": "Nothing."}
    world.objects.stored = {TRAIN: lines(TALK, leak), GEN_QA: lines(other, EVALUATION)}
    with pytest.raises(
        InvalidDataset, match=r"line 2 .*as line 2 of evaluation\.0\.dataset \(gen_qa\.jsonl\)"
    ):
        checked()


def test_a_question_of_the_evaluation_may_be_in_the_validation_file(world: World) -> None:
    validation = TRAIN.replace("train", "validation")
    world.objects.stored = {
        TRAIN: lines(TALK),
        validation: lines(asking(EVALUATION["query"])),
        GEN_QA: lines(EVALUATION),
    }
    assert len(checked(stages=[a_stage(validation=validation)])["datasets"]) == 3


def test_an_evaluation_that_is_too_large_to_compare_with_is_warned_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "MOST_QUESTIONS", 2)
    monkeypatch.setattr(sources, "MOST_QUESTIONS", 2)
    warned = [{"rule": "leakage-unchecked", "severity": "warn", "count": 1}]
    for others, rules in ((1, []), (2, warned)):
        rows = [{"query": f"Question {number}?", "response": "Yes."} for number in range(others)]
        world.objects.stored = {
            TRAIN: lines(asking(EVALUATION["query"])) if rules else lines(TALK),
            GEN_QA: lines(*rows, EVALUATION),
        }
        checked()
        train, evaluation = json.loads(world.objects.stored[f"{VALIDATION}/summary.json"])["datasets"]
        assert (train["rules"], evaluation["rules"]) == ([], rules)


def test_a_question_after_a_line_that_is_too_long_has_its_own_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LONGEST_LINE", 200)
    long = {"query": "x" * 100_000, "response": "r"}
    world.objects.stored = {
        TRAIN: lines(asking(EVALUATION["query"])),
        GEN_QA: lines(long, EVALUATION),
    }
    with pytest.raises(InvalidDataset, match=r"as line 2 of evaluation\.0\.dataset"):
        checked()


def test_a_dataset_that_is_replaced_while_it_is_read_fails_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for replaced in (TRAIN, GEN_QA):
        world.objects.stored = {TRAIN: lines(TALK), GEN_QA: lines(EVALUATION)}
        seen = {uri: world.objects.stat(uri) for uri in (TRAIN, GEN_QA)}
        world.objects.stored[replaced] += b"\n"
        with monkeypatch.context() as patched:
            patched.setattr(world.objects, "stat", seen.__getitem__)
            with pytest.raises(ObjectChanged, match=replaced):
                checked()


def test_what_is_too_much_for_one_function_is_left_to_others(world: World) -> None:
    world.objects.stored = {TRAIN: lines(*[TALK] * 10), GEN_QA: lines(EVALUATION)}
    world.settings = replace(world.settings, dataset_part_bytes=4 * len(lines(TALK)))
    result = checked()
    # Ten conversations in parts of four; the evaluation, part 3, is checked at once.
    assert result == {"datasets": [], "parts": [0, 1, 2]}
    assert [key for key in world.objects.stored if "/parts/" in key] == [f"{VALIDATION}/parts/3.json"]


def test_validate_datasets_refuses_scenarios_that_the_smoke_test_could_not_read(world: World) -> None:
    world.objects.stored = {
        TRAIN: lines(TALK),
        GEN_QA: lines(EVALUATION),
        SCENARIOS: lines({"prompt": "Hello"}, {"prompt": "Hello", "expects": "Hi"}),
    }
    with pytest.raises(InvalidScenarios, match=f"{SCENARIOS} line 2: unknown key 'expects'"):
        checked(deployment=DEPLOYMENT)


def test_scenarios_that_were_never_uploaded_are_refused_now(world: World) -> None:
    world.objects.stored = {TRAIN: lines(TALK), GEN_QA: lines(EVALUATION)}
    with pytest.raises(InvalidScenarios, match=r"canary\.scenarios = .*: there is no such object"):
        checked(deployment=DEPLOYMENT)
