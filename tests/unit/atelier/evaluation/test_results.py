"""Scores out of an evaluation job's archive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from atelier.errors import MetricsMissing
from atelier.evaluation.results import Scores, read_scores
from tests.fixtures.objects import FakeObjects, tar_gz

JOB = {"job_name": "run-e0c", "output_s3_path": "s3://bucket/evaluation/"}
ARCHIVE = "s3://bucket/evaluation/run-e0c/output/output.tar.gz"
FOLDER = "run-e0c/eval_results"
NUMBERS = {"em": 0.5, "em_stderr": 0.1, "qem": 0.6, "rougeL": 0.7, "f1": 0.8, "f1_stderr": 0.2}


def report(values: Mapping[str, Any], task: str = "custom|gen_qa_gen_qa|0") -> bytes:
    return json.dumps({"config_general": {}, "results": {task: values, "all": values}}).encode()


def answers(*rows: Mapping[str, Any]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def read(files: Mapping[str, bytes]) -> Scores:
    return read_scores(JOB, objects=FakeObjects({ARCHIVE: tar_gz(files)}))


def test_short_names_of_metrics_become_long_ones_and_errors_stand_beside_them() -> None:
    scores = read({f"{FOLDER}/results_1.json": report(NUMBERS)})
    assert scores.metrics == {"exact_match": 0.5, "quasi_exact_match": 0.6, "rougeL": 0.7, "f1_score": 0.8}
    assert scores.stderr == {"exact_match": 0.1, "f1_score": 0.2}
    assert scores.task == "gen_qa"


def test_a_job_on_hyperpod_leaves_its_files_as_they_are() -> None:
    folder = "s3://bucket/evaluation/run-e0c/eval-result/"
    stored = {
        f"{folder}results_1.json": report(NUMBERS),
        f"{folder}inference_output.jsonl": answers({"prompt": "q", "inference": ["a"], "gold": "b"}),
        f"{folder}details/model/1/details_gen_qa.parquet": b"PAR1",
        "s3://bucket/evaluation/run-e0c2/eval-result/results_2.json": report({"em": 0.9}),
    }
    job = JOB | {"manifest_uri": "s3://bucket/evaluation/run-e0c/manifest.json"}
    scores = read_scores(job, objects=FakeObjects(stored))
    assert (scores.metrics["exact_match"], scores.rows) == (0.5, 1)
    with pytest.raises(MetricsMissing, match=r"eval-result/ has no results_\*.json; found: nothing"):
        read_scores(job, objects=FakeObjects())


def test_long_names_of_metrics_stay() -> None:
    scores = read({f"{FOLDER}/results_1.json": report({"exact_match": 1, "exact_match_stderr": 0})})
    assert (scores.metrics, scores.stderr) == ({"exact_match": 1.0}, {"exact_match": 0.0})


def test_all_answers_are_counted_and_the_first_are_shown() -> None:
    rows = [{"prompt": f"q{i}", "inference": ["a"], "gold": ["b", "c"], "metadata": ""} for i in range(8)]
    scores = read(
        {f"{FOLDER}/inference_output.jsonl": answers(*rows), f"{FOLDER}/results_1.json": report(NUMBERS)}
    )
    assert (scores.rows, len(scores.examples)) == (8, 5)
    assert (scores.examples[0].prompt, scores.examples[0].inference, scores.examples[0].gold) == (
        "q0",
        "a",
        "b",
    )


def test_a_long_answer_is_cut_so_that_the_workflows_state_can_carry_it() -> None:
    row = {"prompt": "ä" * 100_000, "inference": {"tool": 1}, "gold": ""}
    scores = read(
        {f"{FOLDER}/inference_output.jsonl": answers(row), f"{FOLDER}/results_1.json": report(NUMBERS)}
    )
    assert len(scores.examples[0].prompt) == 601
    assert scores.examples[0].inference == '{"tool": 1}'


def test_the_latest_of_several_results_counts() -> None:
    files = {
        f"{FOLDER}/results_2026-11-23T10.json": report({"em": 0.9}),
        f"{FOLDER}/results_2026-11-23T09.json": report({"em": 0.1}),
    }
    assert read(files).metrics == {"exact_match": 0.9}


def test_a_benchmark_with_subtasks_is_read_from_a_job_on_hyperpod() -> None:
    results = {
        "custom|mmlu_zs_cot:anatomy|0": {"accuracy": 0.4, "accuracy_stderr": 0.04},
        "custom|mmlu_zs_cot:virology|0": {"accuracy": 0.5, "accuracy_stderr": 0.05},
        "custom|mmlu_zs_cot:_average|0": {"accuracy": 0.45, "accuracy_stderr": 0.045},
        "all": {"accuracy": 0.45, "accuracy_stderr": 0.045},
    }
    stored = {
        "s3://bucket/evaluation/run-e0c/eval-result/results_1.json": json.dumps({"results": results}).encode()
    }
    job = JOB | {"manifest_uri": "s3://bucket/evaluation/run-e0c/manifest.json"}

    scores = read_scores(job, objects=FakeObjects(stored))

    assert (scores.task, scores.metrics, scores.stderr) == ("mmlu", {"accuracy": 0.45}, {"accuracy": 0.045})


def test_a_metric_that_is_no_number_is_no_metric() -> None:
    text = b'{"results": {"custom|gen_qa_gen_qa|0": {"em": NaN, "bleu": 0.5, "note": "x"}}}'
    assert read({f"{FOLDER}/results_1.json": text}).metrics == {"bleu": 0.5}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "has no results_\\*.json; found: nothing"),
        ({"log.txt": b""}, "has no results_\\*.json; found: log.txt"),
        ({f"{FOLDER}/results_1.json": b"{"}, "cannot be read"),
        ({f"{FOLDER}/results_1.json": b"[]"}, "no results of a known task"),
        ({f"{FOLDER}/results_1.json": report(NUMBERS, "custom|mmlu_zs_cot|0")}, "found: \\['custom|mmlu"),
        (
            {f"{FOLDER}/results_1.json": report({"speed": 3})},
            "gen_qa has none of exact_match, .*; found: speed",
        ),
        ({f"{FOLDER}/results_1.json": report({})}, "found: no finite number"),
    ],
)
def test_an_archive_without_usable_results_says_what_it_holds(files: dict[str, bytes], message: str) -> None:
    with pytest.raises(MetricsMissing, match=message):
        read(files)


def test_a_missing_archive_is_named() -> None:
    with pytest.raises(MetricsMissing, match=f"{ARCHIVE}: there is no such object"):
        read_scores(JOB, objects=FakeObjects())
