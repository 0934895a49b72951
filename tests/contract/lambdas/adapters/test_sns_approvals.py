"""Kind `approval`: the question goes through SNS, pinned to botocore; the answer comes from the table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from atelier.operations.model import APPROVAL, OperationState, Phase, Status
from lambdas.adapters.sns_approvals import SnsApprovals
from tests.fixtures.clients import client
from tests.fixtures.operations import RUN_ID, FakeOperations, an_operation
from tests.fixtures.runs import SETTINGS

REQUEST = {"TopicArn": SETTINGS.topic_arn, "Subject": "Atelier: approve", "Message": "numbers"}
RECORDED = an_operation("approval", kind=APPROVAL, request=REQUEST)
STARTED = an_operation("approval", kind=APPROVAL, request=REQUEST, state=OperationState.STARTED)

Approvals = tuple[SnsApprovals, Stubber, FakeOperations]


@pytest.fixture
def approvals() -> Iterator[Approvals]:
    stubbed = client("sns")
    operations = FakeOperations(rows={(RUN_ID, "approval"): STARTED})
    with Stubber(stubbed) as stubber:
        yield SnsApprovals(sns=stubbed, operations=operations), stubber, operations
        stubber.assert_no_pending_responses()


def test_submit_publishes_the_question(approvals: Approvals) -> None:
    port, stubber, _ = approvals
    stubber.add_response("publish", {"MessageId": "m-1"}, REQUEST)
    port.submit(RECORDED)


def test_a_question_that_may_not_have_been_published_is_absent_and_so_asked_again(
    approvals: Approvals,
) -> None:
    port, _, _ = approvals
    assert port.describe(RECORDED) == Status(Phase.ABSENT)


def test_a_published_question_waits_for_a_person(approvals: Approvals) -> None:
    port, _, _ = approvals
    assert port.describe(STARTED).phase is Phase.RUNNING


@pytest.mark.parametrize("approved", [True, False])
def test_the_decision_is_the_states_result_whichever_it_is(approvals: Approvals, approved: bool) -> None:
    port, _, operations = approvals
    operations.decide(RUN_ID, approved=approved, by="mara", comment="seen")
    expected = {"approved": approved, "by": "mara", "comment": "seen"}
    assert port.describe(STARTED) == Status(Phase.SUCCEEDED, result=expected)
