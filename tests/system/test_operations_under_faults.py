"""Events that are lost or doubled, functions that die, jobs that fail, people who stop: the line holds.

Slow because every test drives a whole run through the deployed workflow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from tests.fixtures.deployed_functions import handler_replaced, invoke
from tests.fixtures.deployed_pipeline import DeployedPipeline, eventually, quick
from tests.fixtures.deployed_roles import without_action

pytestmark = pytest.mark.system

DIES_BEFORE_THE_CALL = """
import os

from lambdas.adapters.sagemaker_training_jobs import SageMakerTrainingJobs
from lambdas.handlers.submit_training_job import handler


def die(self, operation):
    os._exit(1)


SageMakerTrainingJobs.submit = die
"""


def test_the_same_run_started_twice_is_one_run_with_one_job(deployed: DeployedPipeline) -> None:
    run_id = f"twice-{datetime.now(UTC):%Y%m%d%H%M%S}"
    assert deployed.start(quick("twice"), run_id=run_id) == deployed.start(quick("twice"), run_id=run_id)
    assert deployed.wait(run_id).status == "ACCEPTED"
    assert deployed.start(quick("twice"), run_id=run_id) == run_id
    jobs = deployed.client("sagemaker").list_training_jobs(NameContains=run_id)["TrainingJobSummaries"]
    assert [job["TrainingJobName"] for job in jobs] == [f"{run_id}-s0"]


def test_a_run_ends_although_every_event_of_its_job_is_lost(deployed: DeployedPipeline) -> None:
    with _events_lost(deployed, "aws.sagemaker"):
        assert deployed.run(quick("lost-event")).status == "ACCEPTED"


def test_an_event_that_arrives_again_after_the_run_changes_nothing(deployed: DeployedPipeline) -> None:
    run = deployed.run(quick("doubled-event"))
    before = deployed.pipeline.operations.get(run.run_id, "s0")
    job = deployed.client("sagemaker").describe_training_job(TrainingJobName=f"{run.run_id}-s0")
    event = {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Training Job State Change",
        "detail": {name: job[name] for name in ("TrainingJobName", "TrainingJobStatus")},
    }
    invoke(deployed, deployed.function_name("settle"), event)
    assert deployed.pipeline.operations.get(run.run_id, "s0") == before
    assert deployed.pipeline.executions.get(run.run_id) == run


def test_a_job_is_submitted_by_settle_when_the_submitting_function_dies_between_row_and_call(
    deployed: DeployedPipeline,
) -> None:
    with handler_replaced(deployed, "submit_training_job", DIES_BEFORE_THE_CALL):
        run = deployed.run(quick("killed-submit"))
    assert run.status == "ACCEPTED", run.cause
    jobs = deployed.client("sagemaker").list_training_jobs(NameContains=run.run_id)["TrainingJobSummaries"]
    assert len(jobs) == 1


def test_a_job_that_fails_ends_the_run_with_its_reason_and_leaves_nothing_behind(
    deployed: DeployedPipeline,
) -> None:
    before = deployed.served()
    document = quick("failing-job")
    document["stages"][0]["hyperparameters"]["max_length"] = 16
    run = deployed.run(document)
    assert (run.status, run.error) == ("FAILED", "JobFailed")
    assert "training_config.max_length allows 16" in run.cause
    assert deployed.served() == before
    assert deployed.report(run.run_id)["failure"]["error"] == "JobFailed"


def test_a_job_that_runs_into_its_time_limit_ends_the_run_with_that_reason(
    deployed: DeployedPipeline,
) -> None:
    document = quick("slow-job")
    document["stages"][0]["max_runtime_hours"] = 0.0003
    run = deployed.run(document)
    assert (run.status, run.error) == ("FAILED", "JobFailed")
    assert "ran into its limit of 2 s" in run.cause


def test_a_stopped_run_stops_its_job_and_says_so(deployed: DeployedPipeline) -> None:
    document = quick("stopped")
    document["stages"][0]["hyperparameters"]["max_epochs"] = 100
    run_id = deployed.start(document)
    deployed.wait_until_started(run_id, "s0")
    deployed.pipeline.operations.request_stop(run_id)
    deployed.pipeline.reconcile_now(run_id)
    run = deployed.wait(run_id)
    assert (run.status, run.error) == ("FAILED", "RunStopped")
    status = eventually(
        lambda: deployed.client("sagemaker").describe_training_job(TrainingJobName=f"{run_id}-s0")[
            "TrainingJobStatus"
        ],
        lambda status: status != "Stopping",
        "the job to stop",
    )
    assert status == "Stopped"


@pytest.mark.parametrize(("approved", "status"), [(True, "ACCEPTED"), (False, "REJECTED")])
def test_a_run_waits_for_a_person_and_does_as_they_say(
    deployed: DeployedPipeline, approved: bool, status: str
) -> None:
    run_id = deployed.start(quick("approval-yes" if approved else "approval-no", approval="required"))
    deployed.wait_until_started(run_id, "approval")
    deployed.pipeline.operations.decide(
        run_id, approved=approved, by="a person", comment="looked at the answers"
    )
    deployed.pipeline.reconcile_now(run_id)
    assert deployed.wait(run_id).status == status
    assert deployed.report(run_id)["approval"]["by"] == "a person"


def test_a_candidate_that_fails_its_smoke_test_is_rolled_back_and_leaves_nothing_behind(
    deployed: DeployedPipeline,
) -> None:
    before = deployed.served()
    scenarios = deployed.folder / "scenarios.jsonl"
    scenarios.write_text(
        json.dumps({"prompt": "hello", "expect_contains": "words it was never taught"}) + "\n"
    )
    deployment = {
        "target": "bedrock-on-demand",
        "name": "never-promoted",
        "canary": {"scenarios": str(scenarios)},
    }
    run = deployed.run(quick("unhealthy", deployment=deployment))
    assert run.status == "ROLLED_BACK", run.cause
    assert deployed.served() == before


def test_a_run_that_fails_after_its_promotion_brings_the_previous_model_back(
    deployed: DeployedPipeline,
) -> None:
    deployment = {"target": "bedrock-on-demand", "name": "taken-back"}
    first = deployed.run(quick("serves", deployment=deployment))
    assert first.status == "PROMOTED", first.cause
    before, serving = deployed.served(), deployed.serving("taken-back")
    with without_action(deployed, "retire_candidate", "bedrock:DeleteCustomModelDeployment"):
        run = deployed.run(quick("fails-late", deployment=deployment))
    assert (run.status, run.error) == ("FAILED", "AccessRefused"), run.cause
    assert (deployed.served(), deployed.serving("taken-back")) == (before, serving)


def test_a_role_without_one_grant_fails_the_run_with_the_action_named(deployed: DeployedPipeline) -> None:
    with without_action(deployed, "submit_training_job", "sagemaker:CreateTrainingJob"):
        run = deployed.run(quick("missing-grant"))
    assert (run.status, run.error) == ("FAILED", "AccessRefused")
    assert "AccessDenied" in run.cause
    assert "not authorized to perform: sagemaker:CreateTrainingJob" in run.cause


@contextmanager
def _events_lost(deployed: DeployedPipeline, source: str) -> Iterator[None]:
    events = deployed.client("events")
    rule = next(rule for rule in events.list_rules()["Rules"] if source in rule.get("EventPattern", ""))
    events.disable_rule(Name=rule["Name"])
    try:
        yield
    finally:
        events.enable_rule(Name=rule["Name"])
