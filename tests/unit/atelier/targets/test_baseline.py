from __future__ import annotations

from typing import Any

import pytest

from atelier.errors import BaselineMissing, UnsupportedCombination
from atelier.runs.parse import parse_run
from atelier.targets.baseline import Baseline, StartingPoint, find_baseline
from atelier.targets.model_record import ModelRecord, write_record
from tests.fixtures.deployments import FakeDeployments, model_arn
from tests.fixtures.objects import FakeObjects
from tests.fixtures.runs import BUCKET, a_run

EARLIER = "tool-calling-20261001120000"
ESCROW = "s3://customer-escrow-111122223333-smtj-a1/{}/step_40"


class Line:
    """What serves and what is on record."""

    def __init__(self) -> None:
        self.deployments = FakeDeployments()
        self.objects = FakeObjects()

    def record(self, run_id: str, *, base_model: str = "nova-micro", adaptation: str = "lora") -> None:
        record = ModelRecord(run_id, base_model, ESCROW.format(run_id), adaptation, {"gen_qa.f1_score": 0.9})
        write_record(record, objects=self.objects, bucket=BUCKET)

    def find(self, **changes: Any) -> StartingPoint:
        return find_baseline(
            parse_run(a_run(**changes)),
            base_model_path="nova-micro/prod",
            deployments_of=lambda _: self.deployments,
            objects=self.objects,
            bucket=BUCKET,
        )


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def serving(line: Line) -> Line:
    line.deployments.serve("support-agent", EARLIER)
    line.record(EARLIER)
    return line


BASE_MODEL = Baseline("base-model", "nova-micro/prod")


def test_the_base_model_is_the_baseline_where_nothing_serves(line: Line) -> None:
    assert line.find() == StartingPoint(BASE_MODEL, None)


def test_a_run_without_deployment_is_compared_with_the_base_model(serving: Line) -> None:
    assert serving.find(deployment=None) == StartingPoint(BASE_MODEL, None)


def test_the_checkpoint_of_what_serves_is_the_baseline(serving: Line) -> None:
    assert serving.find().baseline == Baseline("serving", ESCROW.format(EARLIER), EARLIER, model_arn(EARLIER))
    assert serving.find().checkpoint is None


def test_a_run_continues_from_what_serves(serving: Line) -> None:
    assert serving.find(continue_from="serving").checkpoint == ESCROW.format(EARLIER)


def test_a_run_continues_from_an_earlier_run_whatever_serves(serving: Line) -> None:
    other = "tool-calling-20261002120000"
    serving.record(other)
    start = serving.find(continue_from=other)
    assert (start.checkpoint, start.baseline.run_id) == (ESCROW.format(other), EARLIER)


def test_nothing_continues_from_a_deployment_that_is_not_there(line: Line) -> None:
    with pytest.raises(BaselineMissing, match="no deployment named 'support-agent' serves a model"):
        line.find(continue_from="serving")


def test_nothing_continues_from_a_run_that_left_no_model(line: Line) -> None:
    with pytest.raises(BaselineMissing, match=f"run {EARLIER} left no model on record"):
        line.find(continue_from=EARLIER)


def test_a_deployment_that_serves_someone_elses_model_is_not_taken_over(line: Line) -> None:
    line.deployments.serve("support-agent", "handmade")
    with pytest.raises(BaselineMissing, match=r"serves model 'handmade', which is on no record.*accepted:"):
        line.find()


def test_models_of_different_base_models_are_not_compared(line: Line) -> None:
    line.deployments.serve("support-agent", EARLIER)
    line.record(EARLIER, base_model="nova-lite")
    with pytest.raises(UnsupportedCombination, match="serves a customized nova-lite"):
        line.find()


def test_a_full_checkpoint_cannot_be_continued_with_lora(line: Line) -> None:
    line.record(EARLIER, adaptation="full")
    with pytest.raises(UnsupportedCombination, match="continue_from"):
        line.find(continue_from=EARLIER)
