"""The gen_qa job: results where AWS's container puts them."""

from __future__ import annotations

import json
import re

from localcloud.jobs.container import run
from tests.unit.jobs.conftest import Job, evaluation_recipe

QUESTIONS = [
    {"query": "Where is order 12?", "response": "late", "metadata": "look_up_order"},
    {"query": "Where is order 13?", "response": "late", "system": "You help."},
]


def test_results_and_answers_lie_where_the_service_packs_them(job: Job) -> None:
    job.recipe(evaluation_recipe())
    job.channel("train", "gen_qa.jsonl", QUESTIONS)
    run(job.opt_ml, job.environment)
    folder = job.opt_ml.output_data / "a-run" / "eval_results"
    (results_file,) = folder.glob("results_*.json")
    assert re.fullmatch(r"results_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6}\.json", results_file.name)
    results = json.loads(results_file.read_text())["results"]
    assert results["all"] == results["custom|gen_qa_gen_qa|0"]
    assert results["all"]["exact_match"] == 0.0
    answers = [json.loads(line) for line in (folder / "inference_output.jsonl").read_text().splitlines()]
    assert [(row["prompt"], row["gold"], row["metadata"]) for row in answers] == [
        ("Where is order 12?", "late", "look_up_order"),
        ("Where is order 13?", "late", ""),
    ]


def test_max_new_tokens_bounds_the_answers(job: Job) -> None:
    job.recipe(evaluation_recipe(max_new_tokens=1))
    job.channel("train", "gen_qa.jsonl", QUESTIONS)
    run(job.opt_ml, job.environment)
    lines = (job.opt_ml.output_data / "a-run" / "eval_results" / "inference_output.jsonl").read_text()
    assert all(len(json.loads(line)["inference"]) < 16 for line in lines.splitlines())
