"""The run file's published schema, its plan, and what it may continue from."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter, ValidationError

from atelier import names
from atelier.errors import UnsupportedCombination
from atelier.runs.checks.check_run import check_run
from atelier.runs.checks.continuation import ensure_continuable
from atelier.runs.model import DatasetUri
from atelier.runs.parse import parse_run
from atelier.runs.schema import run_schema
from atelier.runs.workflow_plan import workflow_plan
from tests.fixtures.paths import ROOT
from tests.fixtures.runs import BUCKET, a_run

_BEDROCK_NAME = re.compile(r"([0-9a-zA-Z][_-]?){1,63}")
_SAGEMAKER_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


@given(st.from_regex(rf"\A{names.RUN_NAME_PATTERN}\Z").filter(lambda name: 3 <= len(name) <= 41))
def test_every_accepted_name_makes_names_that_sagemaker_and_bedrock_accept(name: str) -> None:
    run_id = f"{parse_run(a_run(name=name)).name}-20261123140500"
    assert _BEDROCK_NAME.fullmatch(run_id)
    assert len(run_id) <= 63
    job = names.operation_name(run_id, names.evaluation_step(9, "baseline"))
    assert _SAGEMAKER_NAME.fullmatch(job)
    assert len(job) <= 63
    assert names.parse_job_name(job) == (run_id, "e9b")


def test_a_normalised_run_is_read_back_as_the_same_run() -> None:
    run = parse_run(a_run())
    assert parse_run(run.model_dump(mode="json")) == run


def test_the_published_schema_is_the_models() -> None:
    """To publish anew: python -m atelier.runs.schema > docs/run.schema.json"""
    assert json.loads((ROOT / "docs" / "run.schema.json").read_text()) == run_schema()


@pytest.mark.parametrize("key", ["a", "x/y-1/z_2", ".hidden/..x/a.b/c", "a/.../b", "\u00e4/\u00e9"])
def test_a_dataset_has_any_key_that_is_a_path(key: str) -> None:
    TypeAdapter(DatasetUri).validate_python(f"s3://bucket/{key}.jsonl")


@pytest.mark.parametrize("key", ["/a", "../a", "./a", "x//a", "x/../a", "${x}/a", "a${oc.env:HOME}", "a b"])
def test_a_dataset_whose_key_leads_elsewhere_on_a_cluster_is_refused(key: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(DatasetUri).validate_python(f"s3://bucket/{key}.jsonl")


def test_the_schema_refuses_unknown_keys_as_the_model_does() -> None:
    schema = run_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"name", "base_model", "stages"}
    assert schema["$defs"]["Stage"]["properties"]["adaptation"]["enum"] == ["lora", "full"]


def test_the_plan_evaluates_candidate_and_baseline_side_by_side() -> None:
    checked = check_run(a_run(approval="required"), environment="dev", region="us-east-1", bucket=BUCKET)
    plan = workflow_plan(checked)
    assert plan["evaluations"] == [
        {"evaluation_index": 0, "subject": "candidate"},
        {"evaluation_index": 0, "subject": "baseline"},
    ]
    assert (plan["stage_count"], plan["approval_required"], plan["deployment_wanted"]) == (1, True, True)


def test_the_plan_says_which_recipe_each_part_uses_and_what_was_accepted_with_a_warning() -> None:
    checked = check_run(a_run(gate=[]), environment="dev", region="us-east-1", bucket=BUCKET)
    plan = workflow_plan(checked)
    assert plan["recipes"][0] == {
        "field": "stages.0",
        "recipe": "nova_micro_1_0_g5_g6_12x_gpu_lora_sft",
        "origin": "shipped",
        "platform": "training-job",
        "instance_type": "ml.g5.12xlarge",
        "replicas": 1,
    }
    assert [choice["field"] for choice in plan["recipes"]] == ["stages.0", "evaluation.0"]
    assert plan["warnings"] == list(checked.warnings) != []


def test_a_checkpoint_of_the_same_kind_may_be_continued() -> None:
    ensure_continuable(parse_run(a_run()), base_model="nova-micro", adaptation="lora", source="earlier")


@pytest.mark.parametrize(("base_model", "adaptation"), [("nova-lite", "lora"), ("nova-micro", "full")])
def test_a_checkpoint_of_another_kind_may_not_be_continued(base_model: str, adaptation: str) -> None:
    with pytest.raises(UnsupportedCombination, match="continue_from = 'earlier'"):
        ensure_continuable(parse_run(a_run()), base_model=base_model, adaptation=adaptation, source="earlier")
