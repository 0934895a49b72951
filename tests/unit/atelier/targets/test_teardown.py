from __future__ import annotations

from dataclasses import replace

import pytest

from atelier import names
from atelier.errors import ResourceInUse, ServiceUnavailable
from atelier.operations.model import Operation, OperationState, Status
from atelier.registry import BEDROCK_ON_DEMAND, HYPERPOD_EKS, TRAINING_JOB
from atelier.targets.bedrock_on_demand import CUSTOM_MODEL, DEPLOYMENT, PROMOTION
from atelier.targets.bedrock_requests import promotion_request
from atelier.targets.registry import target_named
from atelier.targets.teardown import TeardownResult, teardown
from tests.fixtures.deployments import FakeDeployments, model_arn
from tests.fixtures.operations import RUN_ID, RUNNING, SUCCEEDED, FakeOperations, FakeService, an_operation

STABLE = "support-agent"
EARLIER = "tool-calling-20261001120000"
LATER = "tool-calling-20261124000000"


class Run:
    """A run and what it made so far."""

    def __init__(self) -> None:
        self.operations, self.jobs, self.deployments = FakeOperations(), FakeService(), FakeDeployments()

    def did(
        self,
        step: str,
        kind: str,
        *,
        request: dict[str, object] | None = None,
        run_id: str = RUN_ID,
    ) -> None:
        self.operations.rows[run_id, step] = an_operation(
            step, run_id=run_id, kind=kind, state=OperationState.ENDED, request=request or {}
        )

    def made_its_candidate(self) -> None:
        self.did(names.CUSTOM_MODEL, CUSTOM_MODEL)
        self.did(names.DEPLOYMENT, DEPLOYMENT)
        self.deployments.serve(RUN_ID, RUN_ID)

    def promoted(self, run_id: str = RUN_ID) -> None:
        serving = self.deployments.serving_model(STABLE)
        request = promotion_request(
            run_id,
            deployment_name=STABLE,
            model_arn=model_arn(run_id),
            compared_with=serving.model_arn if serving else None,
        )
        self.did(names.PROMOTION, PROMOTION, request=request, run_id=run_id)

    def teardown(self, run_id: str = RUN_ID) -> TeardownResult:
        return teardown(
            run_id,
            operations=self.operations,
            jobs_of=lambda _: self.jobs,
            deployments_of=lambda _target: self.deployments,
            now=60,
        )


@pytest.fixture
def run() -> Run:
    return Run()


def test_a_job_that_runs_is_stopped_and_its_row_closed(run: Run) -> None:
    run.operations.rows[RUN_ID, "e0c"] = an_operation("e0c", state=OperationState.STARTED)
    run.jobs.jobs[f"{RUN_ID}-e0c"] = RUNNING
    assert run.teardown() == TeardownResult((f"{RUN_ID}-e0c",), (), None)
    assert run.jobs.stops == [f"{RUN_ID}-e0c"]
    assert run.operations.rows[RUN_ID, "e0c"].state is OperationState.ENDED


def test_a_job_whose_cluster_was_unreachable_keeps_nobody_waiting(run: Run) -> None:
    run.operations.rows[RUN_ID, "s0"] = an_operation(
        kind=HYPERPOD_EKS, state=OperationState.ENDED, error="ClusterUnreachable"
    )

    class Unreachable(FakeService):
        def describe(self, operation: Operation) -> Status:
            raise ServiceUnavailable("the cluster cannot be reached")

    run.jobs = Unreachable()
    assert run.teardown() == TeardownResult((), (), None)


def test_what_a_cluster_still_has_of_a_job_that_ended_is_taken_away(run: Run) -> None:
    run.did("s0", HYPERPOD_EKS)
    run.jobs.jobs[f"{RUN_ID}-s0"] = replace(SUCCEEDED, leaves_something=True)
    assert run.teardown().stopped == ()
    assert run.jobs.stops == [f"{RUN_ID}-s0"]


def test_nothing_starts_in_a_run_that_was_released(run: Run) -> None:
    run.teardown()
    assert run.operations.stop_requested(RUN_ID)


def test_what_ended_or_never_started_is_not_called_stopped(run: Run) -> None:
    run.did("s0", TRAINING_JOB)
    run.operations.rows[RUN_ID, "e0b"] = an_operation("e0b")
    assert run.teardown().stopped == ()
    assert list(run.operations.open_steps()) == []


def test_a_candidate_that_was_not_promoted_leaves_nothing_behind(run: Run) -> None:
    run.made_its_candidate()
    assert run.teardown().deleted == (f"deployment {RUN_ID}", f"model {RUN_ID}")
    assert (run.deployments.serving, run.deployments.models) == ({}, {})


def test_the_previous_model_comes_back_when_the_run_fails_after_its_promotion(run: Run) -> None:
    run.deployments.serve(STABLE, EARLIER)
    run.made_its_candidate()
    run.promoted()
    run.deployments.serving[STABLE] = RUN_ID
    assert run.teardown().restored == model_arn(EARLIER)
    assert run.deployments.serving == {STABLE: EARLIER}
    assert RUN_ID not in run.deployments.models


def test_a_promotion_that_was_recorded_but_not_made_changes_nothing(run: Run) -> None:
    run.deployments.serve(STABLE, EARLIER)
    run.promoted()
    run.teardown()
    assert run.deployments.serving == {STABLE: EARLIER}


def test_a_later_promotion_of_another_run_is_left_alone(run: Run) -> None:
    run.deployments.serve(STABLE, EARLIER)
    run.promoted()
    run.deployments.serve(STABLE, LATER)
    assert run.teardown().restored is None
    assert run.deployments.serving == {STABLE: LATER}


def test_a_stable_deployment_that_the_run_created_goes_with_it(run: Run) -> None:
    run.made_its_candidate()
    run.promoted()
    run.deployments.serve(STABLE, RUN_ID, made_by=RUN_ID)
    released = run.teardown()
    assert released.deleted == (f"deployment {STABLE}", f"deployment {RUN_ID}", f"model {RUN_ID}")
    assert (run.deployments.serving, run.deployments.models) == ({}, {})


def test_a_stable_deployment_that_serves_a_later_run_stays_when_its_maker_fails(run: Run) -> None:
    run.made_its_candidate()
    run.promoted()
    run.deployments.serve(STABLE, RUN_ID, made_by=RUN_ID)
    run.deployments.serving[STABLE] = LATER
    released = run.teardown()
    assert run.deployments.serving == {STABLE: LATER}
    assert released == TeardownResult((), (f"deployment {RUN_ID}", f"model {RUN_ID}"), None)


def test_a_model_that_a_later_run_would_bring_back_stays_and_is_brought_back(run: Run) -> None:
    run.made_its_candidate()
    run.promoted()
    run.deployments.serve(STABLE, RUN_ID, made_by=RUN_ID)
    run.promoted(LATER)
    run.deployments.serving[STABLE] = LATER
    assert run.teardown() == run.teardown() == TeardownResult((), (f"deployment {RUN_ID}",), None)
    assert run.deployments.models == {RUN_ID: RUN_ID}
    assert run.teardown(LATER).restored == model_arn(RUN_ID)
    assert run.deployments.serving == {STABLE: RUN_ID}


def test_a_model_that_no_later_run_had_found_serving_goes(run: Run) -> None:
    run.deployments.serve(STABLE, EARLIER)
    run.made_its_candidate()
    run.promoted()
    run.promoted(LATER)
    run.deployments.serve(STABLE, LATER)
    assert run.teardown().deleted == (f"deployment {RUN_ID}", f"model {RUN_ID}")
    assert RUN_ID not in run.deployments.models


def test_a_stable_deployment_that_is_taking_a_later_runs_model_stays_when_its_maker_fails(run: Run) -> None:
    run.promoted()
    run.deployments.serve(STABLE, RUN_ID, made_by=RUN_ID)
    run.deployments.updating_to[STABLE] = LATER
    assert run.teardown().deleted == ()
    assert run.deployments.serving == {STABLE: RUN_ID}


def test_a_stable_deployment_that_is_taking_its_makers_model_again_goes_with_it(run: Run) -> None:
    run.promoted()
    run.deployments.serve(STABLE, LATER, made_by=RUN_ID)
    run.deployments.updating_to[STABLE] = RUN_ID
    assert run.teardown().deleted == (f"deployment {STABLE}",)
    assert run.deployments.serving == {}


def test_a_swap_that_is_under_way_is_waited_for(run: Run) -> None:
    run.deployments.serve(STABLE, EARLIER)
    run.promoted()
    run.deployments.updating_to[STABLE] = RUN_ID
    with pytest.raises(ResourceInUse):
        run.teardown()
    del run.deployments.updating_to[STABLE]
    run.deployments.serving[STABLE] = RUN_ID
    assert run.teardown().restored == model_arn(EARLIER)


def test_a_release_that_is_called_again_ends_and_reports_the_same(run: Run) -> None:
    run.operations.rows[RUN_ID, "s0"] = an_operation("s0", state=OperationState.STARTED)
    run.jobs.jobs[f"{RUN_ID}-s0"] = RUNNING
    run.made_its_candidate()
    run.deployments.busy = 1
    with pytest.raises(ResourceInUse):
        run.teardown()
    first, second = run.teardown(), run.teardown()
    assert (
        first
        == second
        == TeardownResult((f"{RUN_ID}-s0",), (f"deployment {RUN_ID}", f"model {RUN_ID}"), None)
    )


def test_a_model_or_deployment_of_the_same_name_that_another_made_is_left(run: Run) -> None:
    run.did(names.CUSTOM_MODEL, CUSTOM_MODEL)
    run.did(names.DEPLOYMENT, DEPLOYMENT)
    run.deployments.models[RUN_ID] = "someone"
    run.deployments.makers[RUN_ID] = "someone"
    run.teardown()
    assert run.deployments.models == {RUN_ID: "someone"}


def test_the_temporary_deployment_is_retired_and_the_stable_one_stays(run: Run) -> None:
    run.made_its_candidate()
    run.deployments.serve(STABLE, RUN_ID, made_by=RUN_ID)
    target = target_named(BEDROCK_ON_DEMAND)
    assert target.retire(RUN_ID, deployment_name=STABLE, deployments=run.deployments) == [
        f"deployment {RUN_ID}"
    ]
    assert run.deployments.serving == {STABLE: RUN_ID}
