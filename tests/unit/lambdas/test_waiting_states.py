"""States AwaitApproval, CreateModel, Deploy and Promote: what each submits, and under which step."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.errors import RunStopped
from atelier.operations import deadlines
from atelier.operations.model import APPROVAL
from atelier.targets.bedrock_on_demand import CUSTOM_MODEL, DEPLOYMENT, PROMOTION, SECONDS as TARGET_SECONDS
from lambdas.handlers import await_approval, create_model, deploy, promote
from tests.fixtures.deployments import model_arn
from tests.fixtures.handlers import World
from tests.fixtures.reports import a_decision
from tests.fixtures.runs import RUN_ID, SETTINGS, a_run

EVENT = {"run_id": RUN_ID, "run": a_run(), "task_token": "token-1"}


def submitted(world: World, step: str, kind: str, within: int) -> Any:
    row = world.operations.rows[RUN_ID, step]
    assert (row.kind, row.token) == (kind, "token-1")
    assert row.deadline == world.now + within
    assert world.services[kind].starts == [f"{RUN_ID}-{step}"]
    return row.request


def test_a_person_is_asked_with_the_gates_numbers(world: World) -> None:
    await_approval.handler({**EVENT, "decision": a_decision()}, None)
    request = submitted(world, "approval", APPROVAL, deadlines.APPROVAL)
    assert request["TopicArn"] == SETTINGS.topic_arn
    assert f"atelier approve {RUN_ID}" in request["Message"]


def test_the_model_is_made_as_the_model_role_and_under_the_environments_key(world: World) -> None:
    create_model.handler({**EVENT, "checkpoint": "s3://customer-escrow-1/x/step_1"}, None)
    request = submitted(world, "model", CUSTOM_MODEL, TARGET_SECONDS)
    assert (request["roleArn"], request["modelKmsKeyArn"]) == (SETTINGS.model_role_arn, SETTINGS.key_arn)


def test_the_candidate_is_deployed_under_the_runs_name(world: World) -> None:
    deploy.handler({**EVENT, "model_arn": model_arn(RUN_ID)}, None)
    request = submitted(world, "deployment", DEPLOYMENT, TARGET_SECONDS)
    assert request["modelDeploymentName"] == RUN_ID


def test_a_promotion_that_is_retried_after_it_took_effect_still_knows_what_served_before(
    world: World,
) -> None:
    world.deployments.serve("support-agent", "earlier")
    promote.handler({**EVENT, "model_arn": model_arn(RUN_ID)}, None)
    world.deployments.serve("support-agent", RUN_ID)
    promote.handler({**EVENT, "model_arn": model_arn(RUN_ID)}, None)
    request = submitted(world, "promotion", PROMOTION, TARGET_SECONDS)
    assert request["previous_model_arn"] == model_arn("earlier")


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (await_approval, {"decision": a_decision()}),
        (create_model, {"checkpoint": "s3://customer-escrow-1/x/step_1"}),
        (deploy, {"model_arn": model_arn(RUN_ID)}),
        (promote, {"model_arn": model_arn(RUN_ID)}),
    ],
)
def test_no_state_starts_anything_in_a_stopped_run(world: World, state: Any, event: dict[str, Any]) -> None:
    world.operations.request_stop(RUN_ID)
    with pytest.raises(RunStopped):
        state.handler({**EVENT, **event}, None)
