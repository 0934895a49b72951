"""States ValidateDatasetPart and MergeFindings: what parts find is what one function would have found."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from atelier.errors import DatasetUnchecked, InvalidDataset, ObjectChanged
from lambdas.handlers import merge_findings, validate_dataset_part, validate_datasets
from tests.fixtures.datasets import EVALUATION, GEN_QA, TALK, TRAIN, asking, lines
from tests.fixtures.handlers import World
from tests.fixtures.runs import BUCKET, RUN_ID, a_run

VALIDATION = f"s3://{BUCKET}/runs/{RUN_ID}/validation"
EVENT: dict[str, Any] = {"run_id": RUN_ID, "run": a_run()}
UNANSWERED = {**TALK, "messages": TALK["messages"][:1]}
DEFECTIVE = (
    lines(
        *[*[TALK] * 5, UNANSWERED, *[TALK] * 5],
        *[{**TALK, "system": [{"text": "Be kind"}]}, asking(EVALUATION["query"])],
    )
    + b"{oops\n"
)


@pytest.fixture
def world(world: World) -> World:
    """A run whose training file is too large for one function."""
    world.objects.stored = {TRAIN: lines(*[TALK] * 20), GEN_QA: lines(EVALUATION)}
    world.settings = replace(world.settings, dataset_part_bytes=1_024)
    return world


def check_in_parts() -> list[int]:
    """The numbers of the parts, each checked."""
    parts: list[int] = validate_datasets.handler(EVENT, None)["parts"]
    for part in reversed(parts):
        validate_dataset_part.handler({**EVENT, "part": part}, None)
    return parts


def merged(*unchecked: dict[str, Any]) -> dict[str, Any]:
    return merge_findings.handler({**EVENT, "unchecked_parts": list(unchecked)}, None)


def left_by(world: World) -> dict[str, bytes]:
    """What the report and people read of the validation."""
    return {
        uri: content
        for uri, content in world.objects.stored.items()
        if uri.startswith(VALIDATION) and "/parts/" not in uri and not uri.endswith("plan.json")
    }


def test_a_part_says_how_many_rows_it_has_and_how_much_is_wrong(world: World) -> None:
    world.objects.stored[TRAIN] = b"{oops\n" + lines(*[TALK] * 20)
    validate_datasets.handler(EVENT, None)
    found = validate_dataset_part.handler({**EVENT, "part": 0}, None)
    assert (found["part"], found["findings"]) == (0, 1)
    assert found["rows"] == len(world.objects.stored[TRAIN][:1_024].splitlines())


def test_a_clean_dataset_in_parts_is_described_as_one_in_a_piece(world: World) -> None:
    assert len(check_in_parts()) > 2
    in_parts = merged()["datasets"]
    world.settings = replace(world.settings, dataset_part_bytes=1_000_000)
    assert in_parts == validate_datasets.handler(EVENT, None)["datasets"]


def test_parts_leave_and_refuse_exactly_what_one_function_would(world: World) -> None:
    world.objects.stored[TRAIN] = DEFECTIVE
    assert len(check_in_parts()) > 1
    with pytest.raises(InvalidDataset) as refused_in_parts:
        merged()
    in_parts = left_by(world)
    world.settings = replace(world.settings, dataset_part_bytes=1_000_000)
    with pytest.raises(InvalidDataset) as refused_at_once:
        validate_datasets.handler(EVENT, None)
    assert str(refused_in_parts.value) == str(refused_at_once.value)
    assert in_parts == left_by(world)
    assert f"line 14 (byte {DEFECTIVE.index(b'{oops'):,})" in str(refused_at_once.value)
    for rule in ("all-or-none 1", "leak-exact 1", "json 1"):
        assert rule in str(refused_at_once.value)


def test_a_retried_function_leaves_what_it_left(world: World) -> None:
    world.objects.stored[TRAIN] = DEFECTIVE
    for _ in range(2):
        check_in_parts()
        with pytest.raises(InvalidDataset):
            merged()
        before = dict(world.objects.stored)
    assert world.objects.stored == before


def test_of_many_parts_with_findings_the_first_are_kept_and_all_are_counted(world: World) -> None:
    world.objects.stored[TRAIN] = b"{oops\n" * 12_000
    world.settings = replace(world.settings, dataset_part_bytes=36_000)
    assert len(check_in_parts()) == 2
    with pytest.raises(InvalidDataset, match="12,000 findings"):
        merged()
    kept = world.objects.stored[f"{VALIDATION}/stages.0.train.jsonl"].splitlines()
    assert [json.loads(line)["line"] for line in (kept[0], kept[-1])] == [1, 10_000]


def test_parts_that_could_not_be_checked_fail_the_run_by_name_and_cause(world: World) -> None:
    check_in_parts()
    unchecked = {"part": 1, "error": "AccessRefused", "cause": "s3:GetObject was refused"}
    with pytest.raises(DatasetUnchecked) as failed:
        merged(unchecked)
    assert "1 of 5 parts could not be checked" in str(failed.value)
    assert (
        "stages.0.train (train.jsonl), bytes 1,024 to 2,048: AccessRefused: s3:GetObject was refused"
        in str(failed.value)
    )


def test_a_part_of_another_content_than_was_planned_is_not_checked(world: World) -> None:
    validate_datasets.handler(EVENT, None)
    world.objects.stored[TRAIN] = lines(*[TALK] * 21)
    with pytest.raises(ObjectChanged, match=f"{TRAIN} was replaced"):
        validate_dataset_part.handler({**EVENT, "part": 0}, None)


def test_of_many_unchecked_parts_the_first_are_named_and_all_are_counted(world: World) -> None:
    check_in_parts()
    with pytest.raises(DatasetUnchecked) as failed:
        merged(*[{"part": 1, "error": "ServiceUnavailable", "cause": "x"}] * 1_000)
    assert str(failed.value).count("\n- ") == 10
    assert "1,000 of 5 parts" in str(failed.value)


def test_a_dataset_that_is_not_there_is_refused_whatever_the_others_do(world: World) -> None:
    del world.objects.stored[GEN_QA]
    check_in_parts()
    with pytest.raises(
        InvalidDataset, match=rf"evaluation\.0\.dataset \(gen_qa\.jsonl\).*no object {GEN_QA}"
    ):
        merged()
