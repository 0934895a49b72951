"""States ReleaseRun, RollBack and RetireCandidate."""

from __future__ import annotations

from atelier.operations.model import OperationState
from atelier.targets.bedrock_on_demand import CUSTOM_MODEL, DEPLOYMENT
from lambdas.handlers import release_run, retire_candidate, roll_back
from tests.fixtures.handlers import World
from tests.fixtures.operations import an_operation
from tests.fixtures.runs import RUN_ID, a_run


def with_a_candidate(world: World) -> None:
    world.deployments.serve(RUN_ID, RUN_ID)
    for step, kind in (("model", CUSTOM_MODEL), ("deployment", DEPLOYMENT)):
        world.operations.rows[RUN_ID, step] = an_operation(step, kind=kind, state=OperationState.ENDED)


def test_a_failed_run_leaves_nothing_behind(world: World) -> None:
    with_a_candidate(world)
    failure = {"error": "PromotionFailed", "cause": "out of capacity"}
    assert release_run.handler({"run_id": RUN_ID, "run": a_run(), "failure": failure}, None) == {
        "stopped": (),
        "deleted": (f"deployment {RUN_ID}", f"model {RUN_ID}"),
        "restored": None,
    }
    assert (world.deployments.serving, world.deployments.models) == ({}, {})


def test_an_unhealthy_candidate_is_taken_back(world: World) -> None:
    with_a_candidate(world)
    rolled_back = roll_back.handler({"run_id": RUN_ID, "run": a_run()}, None)
    assert rolled_back == {"deleted": (f"deployment {RUN_ID}", f"model {RUN_ID}"), "restored": None}


def test_a_promoted_candidate_keeps_its_model(world: World) -> None:
    with_a_candidate(world)
    world.deployments.serve("support-agent", RUN_ID)
    assert retire_candidate.handler({"run_id": RUN_ID, "run": a_run()}, None) == {
        "deleted": [f"deployment {RUN_ID}"]
    }
    assert world.deployments.serving == {"support-agent": RUN_ID}
    assert RUN_ID in world.deployments.models
