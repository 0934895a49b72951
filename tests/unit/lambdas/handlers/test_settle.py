"""Function Settle."""

from __future__ import annotations

import pytest

from atelier.operations.model import OperationState
from lambdas.handlers.settle import handler
from tests.fixtures.handlers import World
from tests.fixtures.operations import SUCCEEDED, an_operation
from tests.fixtures.runs import RUN_ID

JOB = f"{RUN_ID}-s0"


@pytest.mark.parametrize(
    "event",
    [
        {"detail-type": "SageMaker Training Job State Change", "detail": {"TrainingJobName": JOB}},
        {"detail-type": "Scheduled Event", "detail": {}},
        {"run_id": RUN_ID},
        {"run_id": RUN_ID, "step": "s0"},
    ],
)
def test_whatever_says_look_the_ended_job_finishes_its_state(world: World, event: dict[str, object]) -> None:
    world.operations.rows[RUN_ID, "s0"] = an_operation(state=OperationState.STARTED)
    world.jobs.jobs[JOB] = SUCCEEDED
    assert handler(event, None) == {"looked_at": 1}
    assert world.tokens.outcomes == {"token-1": SUCCEEDED.result}
