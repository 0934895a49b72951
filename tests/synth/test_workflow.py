"""What makes the workflow fit to run unattended; what it does is in test_workflow_paths."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from atelier import errors
from atelier.operations import deadlines
from atelier.targets.bedrock_on_demand import SECONDS as TARGET_SECONDS
from components.function_factory import module_name
from tests.fixtures.golden import assert_golden
from tests.fixtures.state_machine import State, definition_text, states, tasks
from tests.fixtures.synthesis import Synthesis

pytestmark = pytest.mark.synth

GOLDEN = Path(__file__).with_name("golden") / "workflow.json"
STATES = [
    "ValidateRun", "ValidateDatasets", "DatasetsSplit?", "ValidateDatasetParts", "ValidateDatasetPart",
    "PartUnchecked", "MergeFindings", "FindBaseline", "StagesLeft?", "SubmitTrainingJob", "ReadCheckpoint",
    "EvaluateModels", "SubmitEvaluation", "ReadMetrics", "DecideGate", "GatePassed?", "ApprovalRequired?",
    "AwaitApproval", "Approved?", "RegisterModel", "DeploymentWanted?", "CreateModel", "Deploy", "SmokeTest",
    "Healthy?", "Promote", "RetireCandidate", "RollBack", "ReleaseRun", "PublishReport", "Notify",
    "RunFailed?", "RunFailed", "RunEnded",
]  # fmt: skip
AFTER_THE_END = {"ReleaseRun", "PublishReport", "Notify"}


def test_the_definition_is_the_golden_one(dev: Synthesis) -> None:
    assert_golden(GOLDEN, json.loads(definition_text(dev)))


def test_the_states_are_those_of_the_design(dev: Synthesis) -> None:
    assert sorted(state.name for state in states(dev)) == sorted(STATES)


def test_every_state_speaks_jsonata(dev: Synthesis) -> None:
    assert json.loads(definition_text(dev))["QueryLanguage"] == "JSONata"
    assert {state.body.get("QueryLanguage", "JSONata") for state in states(dev)} == {"JSONata"}


def test_every_task_bounds_its_wait(dev: Synthesis) -> None:
    assert [task.name for task in tasks(dev) if "TimeoutSeconds" not in task.body] == []


def test_every_task_retries_by_name_with_full_jitter(dev: Synthesis) -> None:
    for task in tasks(dev):
        assert task.body["Retry"], task.name
        for retry in task.body["Retry"]:
            assert retry["JitterStrategy"] == "FULL", task.name
            assert not {"States.ALL", "States.Timeout"} & set(retry["ErrorEquals"]), task.name
            assert retry["MaxAttempts"] <= 15, task.name


def test_a_function_that_ran_out_of_time_is_called_once_more_and_then_reported(dev: Synthesis) -> None:
    for task in tasks(dev):
        allowed = [
            rule["MaxAttempts"] for rule in task.body["Retry"] if "Sandbox.Timedout" in rule["ErrorEquals"]
        ]
        assert allowed in ([1], []), task.name
        assert allowed or task.name == "Notify"


def test_every_failure_is_caught_and_releases_the_run(dev: Synthesis) -> None:
    for task in tasks(dev):
        if task.inside:
            task = next(
                state for state in states(dev) if state.name == task.inside
            )  # its failure fails the Map
        (catch,) = task.body["Catch"]
        assert catch["ErrorEquals"] == ["States.ALL"], task.name
        assert (catch["Next"] == "ReleaseRun") is (task.name not in AFTER_THE_END), task.name


def named_errors(state: State) -> set[str]:
    rules = [*state.body.get("Retry", []), *state.body.get("Catch", [])]
    return {name for rule in rules for name in rule["ErrorEquals"]}


def test_every_custom_error_is_a_class(dev: Synthesis) -> None:
    # Step Functions' and Lambda's own errors have a dot in their names, ours are class names.
    custom = {name for state in states(dev) for name in named_errors(state) if "." not in name}
    assert custom == {"Throttled", "ServiceUnavailable", "ResourceInUse"}
    for name in custom:
        assert issubclass(getattr(errors, name), errors.AtelierError)


def test_only_states_that_delete_or_swap_wait_for_what_is_in_use(dev: Synthesis) -> None:
    waiting = {task.name for task in tasks(dev) if "ResourceInUse" in named_errors(task)}
    assert waiting == {"Promote", "RetireCandidate", "RollBack", "ReleaseRun"}


def test_a_step_has_one_name_in_state_construct_and_module(dev: Synthesis) -> None:
    invoking = {task.name: task.invokes for task in tasks(dev) if task.name != "Notify"}
    assert invoking == {name: module_name(name) for name in invoking}
    deployed = {
        resource["Properties"]["Handler"].split(".")[2]
        for resource in dev.templates["Pipeline"]["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    assert deployed == {*invoking.values(), "settle"}


def test_every_function_has_a_handler(dev: Synthesis, monkeypatch: pytest.MonkeyPatch) -> None:
    for function in dev.resources("AWS::Lambda::Function"):
        module, _, name = function["Properties"]["Handler"].rpartition(".")
        assert callable(getattr(importlib.import_module(module), name)), module


def test_functions_have_less_time_than_the_state_that_waits_for_them(dev: Synthesis) -> None:
    seconds = {
        f["Properties"]["Handler"].split(".")[2]: f["Properties"]["Timeout"]
        for f in dev.resources("AWS::Lambda::Function")
    }
    for task in tasks(dev):
        if task.invokes:
            assert task.body["TimeoutSeconds"] > seconds[task.invokes], task.name


def test_waiting_states_outlast_the_deadlines_of_their_operations(dev: Synthesis) -> None:
    longest_job = (
        28 * 24 * 3600
    )  # SageMaker's MaxRuntimeInSeconds (botocore, service model sagemaker/2017-07-24)
    deadline = {
        "SubmitTrainingJob": longest_job,
        "SubmitEvaluation": longest_job,
        "AwaitApproval": deadlines.APPROVAL,
        "CreateModel": TARGET_SECONDS,
        "Deploy": TARGET_SECONDS,
        "Promote": TARGET_SECONDS,
    }
    waits = {
        task.name: task.body["TimeoutSeconds"]
        for task in tasks(dev)
        if task.body["Resource"].endswith(".waitForTaskToken")
    }
    assert waits.keys() == deadline.keys()
    assert [name for name in waits if waits[name] <= deadline[name]] == []


def test_no_execution_data_reaches_the_log(every: Synthesis) -> None:
    (machine,) = every.resources("AWS::StepFunctions::StateMachine")
    assert machine["Properties"]["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["Properties"]["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_every_environment_runs_the_same_workflow(every: Synthesis, dev: Synthesis) -> None:
    def neutral(synthesis: Synthesis) -> str:
        return definition_text(synthesis).replace(synthesis.environment.account, "<account>")

    assert neutral(every) == neutral(dev)
