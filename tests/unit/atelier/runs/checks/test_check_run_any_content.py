"""Whatever a run file or a dataset holds, the answer is a refusal in our words and never a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given, strategies as st
from pydantic import BaseModel

from atelier.datasets import Format, check
from atelier.datasets.formats.registry import DEFINITIONS
from atelier.errors import InvalidRun, UnsupportedCombination
from atelier.runs.checks.check_run import check_run
from atelier.runs.model import Evaluation, Stage
from atelier.runs.parse import parse_run
from tests.fixtures.runs import BUCKET, a_run, a_stage

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["sft", "lora", "nova-micro", "gen_qa", "serving", f"s3://{BUCKET}/a/gen_qa.jsonl"]),
)
KEYS = st.one_of(
    st.sampled_from(
        [
            *(
                "technique",
                "train",
                "hyperparameters",
                "learning_rate",
                "task",
                "dataset",
                "metric",
                "at_least",
            ),
            *("target", "name", "canary", "messages", "role", "content", "text", "toolUse", "candidates"),
        ]
    ),
    st.text(max_size=5),
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4))
)


def refusal_of(run: dict[str, Any]) -> str:
    """The message of a refusal; empty when the run is right."""
    try:
        checked = check_run(run, environment="dev", region="us-east-1", bucket=BUCKET)
    except (InvalidRun, UnsupportedCombination) as refusal:
        return str(refusal)
    assert parse_run(checked.run.model_dump(mode="json")) == checked.run
    return ""


PLAUSIBLE: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(
            "sft",
            "dpo",
            "rft",
            "distillation",
            "full",
            "auto",
            "bedrock",
            "hub",
            "nova-premier",
            "mmlu",
            "llm_judge",
        ),
        {"customer": 50, "nova": {"code": 100}},
        {"customer": 100},
        {"patience": 2},
        {"max_steps": 10, "save_steps": 5, "val_check_interval": 5},
        {"reasoning_effort": None},
        "arn:aws:lambda:us-east-1:111122223333:function:reward",
        f"s3://{BUCKET}/a/llm_judge.jsonl",
        "ml.p5.48xlarge",
        4,
        None,
    ]
)


def fields_of(part: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(list(part.model_fields)), PLAUSIBLE | JSON, max_size=4)


@given(
    st.sampled_from(["nova-micro", "nova-2-lite", "qwen-3-8b"]),
    st.lists(
        st.dictionaries(st.sampled_from(list(Stage.model_fields)), PLAUSIBLE | JSON, max_size=4), max_size=3
    ),
    st.dictionaries(st.sampled_from(list(Evaluation.model_fields)), PLAUSIBLE | JSON, max_size=3),
)
def test_stages_and_evaluations_of_any_fields_are_answered(
    base_model: str, stages: list[dict[str, Any]], evaluation: dict[str, Any]
) -> None:
    run = a_run(base_model=base_model, stages=[a_stage(**stage) for stage in stages])
    run["evaluation"] = [run["evaluation"][0] | evaluation]
    refusal_of(run)


@given(st.dictionaries(st.sampled_from(sorted(a_run())), JSON, max_size=4))
@example({"stages": [{"technique": ["sft"], "train": {}}], "gate": "x"})
def test_a_run_with_any_content_is_right_or_refused(changes: dict[str, Any]) -> None:
    message = refusal_of(a_run(**changes))
    assert message == "" or message.startswith("run file: ")


@given(st.dictionaries(KEYS, JSON, max_size=5))
@example({"learning_rate": 10**400})
def test_hyperparameters_of_any_content_are_right_or_refused(content: dict[str, Any]) -> None:
    message = refusal_of(a_run(stages=[a_run()["stages"][0] | {"hyperparameters": content}]))
    assert message == "" or "stages.0.hyperparameters" in message


@pytest.mark.parametrize("format_", DEFINITIONS)
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"messages": x}, lambda x: {"messages": [x, x]}])
@given(content=JSON)
def test_a_sample_of_any_content_is_right_or_found(
    format_: Format, wrap: Callable[[Any], Any], content: Any
) -> None:
    report = check(BytesIO(json.dumps(wrap(content)).encode()), format_)
    assert report.rows == 1
    assert {finding.line for finding in report.findings} <= {0, 1}
