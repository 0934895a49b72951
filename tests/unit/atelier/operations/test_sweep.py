from __future__ import annotations

import logging

import pytest

from atelier.errors import ServiceUnavailable
from atelier.operations.model import Operation, OperationState, Status
from atelier.operations.ports import LongRunning
from atelier.operations.sweep import affected_operations, sweep
from atelier.targets.bedrock_on_demand import CUSTOM_MODEL
from tests.fixtures.operations import (
    RUN_ID,
    RUNNING,
    SUCCEEDED,
    FakeLogs,
    FakeOperations,
    FakeService,
    FakeTokens,
    an_operation,
)

TRAINING_JOB_EVENT = {
    "detail-type": "SageMaker Training Job State Change",
    "source": "aws.sagemaker",
    "detail": {"TrainingJobName": f"{RUN_ID}-e0b", "TrainingJobStatus": "Completed"},
}


def three_operations() -> FakeOperations:
    operations = FakeOperations()
    for step, state in {
        "s0": OperationState.ENDED,
        "e0b": OperationState.STARTED,
        "e0c": OperationState.STARTED,
    }.items():
        operations.rows[RUN_ID, step] = an_operation(step, state=state, token=f"token-{step}")
    return operations


def test_a_training_job_event_hints_at_the_operation_that_the_job_is_named_after() -> None:
    assert list(affected_operations(TRAINING_JOB_EVENT, FakeOperations())) == [(RUN_ID, "e0b")]


def test_a_slurm_cluster_s_word_on_a_job_hints_at_its_operation() -> None:
    event = {
        "detail-type": "Object Created",
        "detail": {"object": {"key": f"slurm/open-weights/status/{RUN_ID}-s0.json"}},
    }
    assert list(affected_operations(event, FakeOperations())) == [(RUN_ID, "s0")]


def test_an_event_of_a_job_that_atelier_did_not_start_hints_at_nothing() -> None:
    event = {"detail": {"TrainingJobName": "someone-elses-job"}}
    assert list(affected_operations(event, FakeOperations())) == []


def test_the_schedule_hints_at_everything_open() -> None:
    event = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}
    assert list(affected_operations(event, three_operations())) == [(RUN_ID, "e0b"), (RUN_ID, "e0c")]


def test_a_person_hints_at_a_run_or_at_one_of_its_steps() -> None:
    operations = three_operations()
    assert len(list(affected_operations({"run_id": RUN_ID}, operations))) == 3
    assert list(affected_operations({"run_id": RUN_ID, "step": "e0c"}, operations)) == [(RUN_ID, "e0c")]


def test_an_unknown_event_is_refused_with_what_would_be_accepted() -> None:
    with pytest.raises(ValueError, match=r"event with job is unknown; accepted: .*\{run_id, step\?\}"):
        affected_operations({"job": 1}, FakeOperations())


def test_a_sweep_settles_what_is_open_and_leaves_what_has_ended() -> None:
    operations, tokens = three_operations(), FakeTokens()
    service = FakeService(jobs={f"{RUN_ID}-{step}": SUCCEEDED for step in ("s0", "e0b", "e0c")})
    everything = [*operations.rows, ("unknown-20260101000000", "s0")]
    looked_at = sweep(
        everything,
        operations=operations,
        service_of=lambda _: service,
        logs_of=lambda _: FakeLogs(),
        tokens=tokens,
        now=60,
    )
    assert looked_at == 2
    assert set(tokens.outcomes) == {"token-e0b", "token-e0c"}


def test_one_failing_operation_does_not_keep_the_sweep_from_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    operations, tokens = three_operations(), FakeTokens()

    class FailingForTheBaseline(FakeService):
        def describe(self, operation: Operation) -> Status:
            if operation.step == "e0b":
                raise ServiceUnavailable("try later")
            return super().describe(operation)

    service = FailingForTheBaseline(jobs={f"{RUN_ID}-e0c": SUCCEEDED})
    with pytest.raises(ExceptionGroup, match="1 of 2 operations could not be settled"):
        sweep(
            operations.open_steps(),
            operations=operations,
            service_of=lambda _: service,
            logs_of=lambda _: FakeLogs(),
            tokens=tokens,
            now=60,
        )
    assert set(tokens.outcomes) == {"token-e0c"}
    assert [(record.message, record.__dict__["step"]) for record in caplog.records] == [
        ("operation_not_settled", "e0b")
    ]


def test_a_sweep_asks_the_service_of_each_kind() -> None:
    operations = FakeOperations()
    operations.rows[RUN_ID, "model"] = an_operation("model", kind=CUSTOM_MODEL)
    requested: list[str] = []

    def service_of(kind: str) -> LongRunning:
        requested.append(kind)
        return FakeService(jobs={f"{RUN_ID}-model": RUNNING})

    sweep(
        operations.open_steps(),
        operations=operations,
        service_of=service_of,
        logs_of=lambda _: FakeLogs(),
        tokens=FakeTokens(),
        now=60,
    )
    assert requested == [CUSTOM_MODEL]


def test_the_log_of_a_sweep_names_the_operation_and_never_its_token(caplog: pytest.LogCaptureFixture) -> None:
    operations = three_operations()
    service = FakeService(jobs={f"{RUN_ID}-e0b": SUCCEEDED, f"{RUN_ID}-e0c": RUNNING})
    with caplog.at_level(logging.INFO):
        sweep(
            operations.open_steps(),
            operations=operations,
            service_of=lambda _: service,
            logs_of=lambda _: FakeLogs(),
            tokens=FakeTokens(),
            now=60,
        )
    assert [(record.message, record.__dict__["due"]) for record in caplog.records] == [
        ("operation_settled", "Succeed"),
        ("operation_settled", "Wait"),
    ]
    assert not any("token-" in str(record.__dict__) for record in caplog.records)
