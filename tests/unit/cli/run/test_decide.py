"""`atelier approve`, `atelier reject` and `atelier stop`."""

from __future__ import annotations

import pytest

from atelier.operations.model import APPROVAL
from cli.exit_codes import ExitCode
from tests.fixtures.commands import atelier
from tests.fixtures.operations import RUN_ID, an_operation
from tests.fixtures.pipeline import FakePipeline, ends


@pytest.fixture
def waiting(pipeline: FakePipeline) -> FakePipeline:
    """A line with a run that waits for approval."""
    pipeline.executions.start(RUN_ID, {"approval": "required"})
    pipeline.operations.record(an_operation("approval", kind=APPROVAL))
    return pipeline


@pytest.mark.parametrize(("command", "approved"), [("approve", True), ("reject", False)])
def test_a_decision_is_recorded_with_who_took_it_and_settle_looks_at_once(
    waiting: FakePipeline, command: str, approved: bool
) -> None:
    outcome = atelier(command, RUN_ID, "-m", "looks good")

    assert outcome.exit_code == ExitCode.OK, outcome.output
    assert waiting.operations.decisions[RUN_ID] == {
        "approved": approved,
        "by": "arn:aws:iam::000000000000:user/ada",
        "comment": "looks good",
    }
    assert waiting.looked_at == [RUN_ID]


def test_a_second_decision_does_not_overrule_the_first(waiting: FakePipeline) -> None:
    atelier("approve", RUN_ID)

    outcome = atelier("reject", RUN_ID)

    assert outcome.exit_code == ExitCode.FAILED
    assert "was approved before" in outcome.stderr
    assert waiting.operations.decisions[RUN_ID]["approved"] is True


def test_a_decision_repeated_after_settle_acted_on_it_is_the_one_that_stands(waiting: FakePipeline) -> None:
    atelier("approve", RUN_ID)
    waiting.operations.close(waiting.operations.rows[RUN_ID, "approval"], at=2)

    assert atelier("approve", RUN_ID).exit_code == ExitCode.OK
    assert "was approved before" in atelier("reject", RUN_ID).stderr


def test_a_run_that_waits_for_nobody_cannot_be_approved(pipeline: FakePipeline) -> None:
    pipeline.executions.start(RUN_ID, {})

    outcome = atelier("approve", RUN_ID)

    assert outcome.exit_code == ExitCode.UNREACHABLE
    assert RUN_ID in outcome.stderr


def test_stop_leaves_the_marker_and_settle_looks_at_once(pipeline: FakePipeline) -> None:
    pipeline.executions.start(RUN_ID, {})

    outcome = atelier("stop", RUN_ID)

    assert outcome.exit_code == ExitCode.OK
    assert pipeline.operations.stop_requested(RUN_ID)
    assert pipeline.looked_at == [RUN_ID]


def test_stop_refuses_a_run_that_is_over(pipeline: FakePipeline) -> None:
    pipeline.executions.start(RUN_ID, {})
    pipeline.executions.script = [ends("PROMOTED")]

    outcome = atelier("stop", RUN_ID)

    assert outcome.exit_code == ExitCode.FAILED
    assert "PROMOTED" in outcome.stderr
    assert not pipeline.operations.stop_requested(RUN_ID)
