"""How far a run is, and how that is shown."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from atelier.operations.model import APPROVAL, OperationState
from atelier.registry import HYPERPOD_EKS
from cli import rendering
from client.executions import RUNNING, Execution, StateVisit
from client.observe import Observer
from client.progress import JobView, Progress, StepState, progress
from tests.fixtures.operations import RUN_ID, an_operation
from tests.fixtures.pipeline import START, FakePipeline, ends

RUN = {
    "base_model": "atelier-tiny",
    "stages": [{"technique": "sft"}, {"technique": "dpo", "adaptation": "full", "cluster": "nova"}],
    "evaluation": [{"task": "gen_qa"}],
    "gate": [{"metric": "gen_qa.exact_match", "at_least": 0.9}],
    "approval": "required",
    "deployment": {"name": "support-agent"},
}
STARTED = int(START.timestamp())


def seen(*operations: object, status: str = RUNNING, visits: list[StateVisit] | None = None) -> Progress:
    execution = Execution(RUN_ID, RUN, RUNNING, START)
    if status != RUNNING:
        execution = ends(status)(execution)
    return progress(
        execution,
        visits or [],
        list(operations),  # type: ignore[arg-type]
        {f"{RUN_ID}-s0": JobView("Training", (0.9, 0.4))},
        environment="local",
        now=START + timedelta(seconds=30),
    )


def test_a_run_s_steps_are_what_its_file_asks_for_in_order() -> None:
    assert [step.title for step in seen().steps] == [
        "validate",
        "train 1: sft lora",
        "train 2: dpo full on nova",
        "evaluate gen_qa: candidate",
        "evaluate gen_qa: baseline",
        "gate",
        "approval",
        "create model",
        "deploy candidate",
        "smoke test",
        "promote to support-agent",
        "report",
    ]


def test_a_step_that_waits_for_a_job_shows_the_job_and_how_long_it_has_run() -> None:
    view = seen(an_operation("s0", recorded_at=STARTED + 10))

    step = view.steps[1]
    assert (step.state, step.seconds, step.job.losses) == (StepState.RUNNING, 20.0, (0.9, 0.4))
    assert view.waiting_for == f"job {RUN_ID}-s0"


@pytest.mark.parametrize(("error", "state"), [("", StepState.DONE), ("JobFailed", StepState.FAILED)])
def test_a_step_ends_as_its_operation_did(error: str, state: StepState) -> None:
    operation = an_operation(
        "s0", recorded_at=STARTED, ended_at=STARTED + 25, state=OperationState.ENDED, error=error
    )

    step = seen(operation).steps[1]

    assert (step.state, step.seconds) == (state, 25.0)


def test_what_a_run_never_came_to_is_skipped_once_it_is_over() -> None:
    before, after = seen(), seen(status="REJECTED")

    assert {step.state for step in before.steps} == {StepState.PENDING}
    assert {step.state for step in after.steps} == {StepState.SKIPPED}


def test_a_run_that_waits_for_a_person_says_which_commands_go_on() -> None:
    view = seen(an_operation("approval", kind=APPROVAL))

    assert f"atelier approve {RUN_ID} --env local" in view.waiting_for


def test_a_run_that_waits_for_a_job_on_a_cluster_names_the_cluster() -> None:
    request = {"cluster": "atelier-local-nova"}
    view = seen(an_operation("s0", kind=HYPERPOD_EKS, request=request, state=OperationState.STARTED))
    assert view.waiting_for == f"job {RUN_ID}-s0 on cluster atelier-local-nova"


def test_a_run_between_operations_waits_for_the_state_it_is_in() -> None:
    visits = [StateVisit("ValidateRun", START, START), StateVisit("ValidateDatasets", START)]

    assert seen(visits=visits).waiting_for == "ValidateDatasets"


@pytest.mark.parametrize("failing", ["ValidateDatasets", "ValidateDatasetParts", "MergeFindings"])
def test_a_state_whose_error_was_caught_has_failed(failing: str) -> None:
    at = [START + timedelta(seconds=second) for second in range(4)]
    visits = [
        StateVisit("ValidateRun", at[0], at[1]),
        StateVisit(failing, at[1], at[2]),
        StateVisit("ReleaseRun", at[2], at[3]),
        StateVisit("PublishReport", at[3], at[3]),
    ]

    told = {step.title: step.state for step in seen(status="FAILED", visits=visits).steps}

    assert (told["validate"], told["release"], told["report"]) == (
        StepState.FAILED,
        StepState.DONE,
        StepState.DONE,
    )


def test_a_roll_back_appears_only_when_it_happens() -> None:
    visits = [StateVisit("RollBack", START, START)]

    assert "roll back" not in [step.title for step in seen().steps]
    assert "roll back" in [step.title for step in seen(visits=visits).steps]


def test_the_view_shows_the_last_figures_and_the_loss_as_a_sparkline() -> None:
    job = JobView("Training", (3.0, 2.0, 1.0), {"global_step": 30.0, "reduced_train_loss": 1.0})
    view = progress(
        Execution(RUN_ID, RUN, RUNNING, START),
        [],
        [an_operation("s0", recorded_at=STARTED)],
        {f"{RUN_ID}-s0": job},
        environment="local",
        now=START + timedelta(seconds=65),
    )
    console = Console(file=StringIO(), width=120)

    console.print(rendering.view(view))

    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Training  step 30  loss 1  █▅▁" in shown
    assert f"waiting for job {RUN_ID}-s0" in shown


@pytest.mark.parametrize(
    ("values", "bars"),
    [([], ""), ([1.0], "▁"), ([2.0, 2.0], "▁▁"), ([0.0, 7.0], "▁█"), ([1, 1, 9, 9], "▁▁██")],
)
def test_a_sparkline_spans_from_the_lowest_to_the_highest_value(values: list[float], bars: str) -> None:
    assert rendering.sparkline(values) == bars


def test_a_long_sparkline_is_averaged_down_to_its_width() -> None:
    assert len(rendering.sparkline([float(step) for step in range(1000)], width=20)) == 20


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.4, "8 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (93900, "26 h 05 min")]
)
def test_a_duration_reads_well(seconds: float, text: str) -> None:
    assert rendering.duration(seconds) == text


def look_at(fake: FakePipeline) -> Observer:
    return fake.connect().observer(RUN_ID)


def test_the_observer_reads_losses_from_the_job_s_log() -> None:
    fake = FakePipeline()
    fake.executions.start(RUN_ID, RUN)
    fake.operations.record(an_operation("s0", detail="Training"))
    fake.log_lines[f"{RUN_ID}-s0"] = [
        "loading",
        "global_step=1 reduced_train_loss=0.9",
        "global_step=2 reduced_train_loss=0.5",
        "global_step=2 val_loss=0.7",
    ]

    job = look_at(fake).snapshot().steps[1].job

    assert job.detail == "Training"
    assert job.losses == (0.9, 0.5)
    assert job.figures == {"global_step": 2.0, "reduced_train_loss": 0.5, "val_loss": 0.7}


def test_the_observer_asks_no_more_about_a_job_that_has_ended() -> None:
    fake = FakePipeline()
    fake.executions.start(RUN_ID, RUN)
    operation = an_operation("s0")
    fake.operations.record(operation)
    fake.operations.close(operation, at=STARTED)
    fake.log_lines[operation.name] = ["global_step=1 reduced_train_loss=0.9"]
    observer = look_at(fake)
    observer.snapshot()
    fake.log_lines.clear()

    assert observer.snapshot().steps[1].job.losses == (0.9,)
