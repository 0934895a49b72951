from __future__ import annotations

import pytest

from atelier.errors import RunStopped, Throttled
from atelier.operations.model import OperationResult, OperationState
from atelier.operations.submit import submit
from tests.fixtures.operations import RUN_ID, SUCCEEDED, FakeOperations, FakeService, an_operation


class RecordedFirst(FakeService):
    """Fails the test when it is called for an operation that is not on record."""

    def __init__(self, operations: FakeOperations) -> None:
        super().__init__()
        self._operations = operations

    def submit(self, operation):  # type: ignore[no-untyped-def]
        assert self._operations.get(operation.run_id, operation.step) == operation
        super().submit(operation)


def test_submit_records_the_operation_before_it_calls_the_service() -> None:
    operations = FakeOperations()
    service = RecordedFirst(operations)
    submit(an_operation(), operations=operations, service=service)
    assert service.starts == [f"{RUN_ID}-s0"]
    assert operations.rows[RUN_ID, "s0"].state is OperationState.STARTED


def test_submit_keeps_the_row_open_when_the_service_is_busy_so_that_it_is_tried_again() -> None:
    operations, service = FakeOperations(), FakeService(refuses=Throttled("slow down"))
    with pytest.raises(Throttled):
        submit(an_operation(), operations=operations, service=service)
    assert operations.rows[RUN_ID, "s0"].state is OperationState.RECORDED
    service.refuses = None
    submit(an_operation(token="token-2"), operations=operations, service=service)
    assert service.starts == [f"{RUN_ID}-s0"]


def test_a_retried_step_finds_its_job_and_waits_with_the_new_token() -> None:
    operations, service = FakeOperations(), FakeService()
    submit(an_operation(), operations=operations, service=service)
    submit(an_operation(token="token-2", request={"changed": True}), operations=operations, service=service)
    row = operations.rows[RUN_ID, "s0"]
    assert service.starts == [f"{RUN_ID}-s0"]
    assert (row.token, row.request) == ("token-2", an_operation().request)


def test_a_step_retried_after_its_end_is_open_again() -> None:
    operations, service = FakeOperations(), FakeService()
    submit(an_operation(), operations=operations, service=service)
    service.jobs[f"{RUN_ID}-s0"] = SUCCEEDED
    operations.close(an_operation(), at=10)
    submit(an_operation(token="token-2"), operations=operations, service=service)
    assert list(operations.open_steps()) == [(RUN_ID, "s0")]
    assert service.starts == [f"{RUN_ID}-s0"]


def test_what_has_ended_for_good_is_not_started_again_by_a_retried_step() -> None:
    operations, service = FakeOperations(), FakeService()
    operations.record(an_operation())
    operations.conclude(an_operation(), OperationResult(error="JobFailed", cause="exit code 1"))
    operations.close(an_operation(), at=60, error="JobFailed")
    submit(an_operation(token="token-2"), operations=operations, service=service)
    assert service.starts == []
    assert operations.rows[RUN_ID, "s0"].state is OperationState.RECORDED


def test_a_stopped_run_starts_nothing() -> None:
    operations, service = FakeOperations(stops={RUN_ID}), FakeService()
    with pytest.raises(RunStopped, match=f"{RUN_ID}-s0"):
        submit(an_operation(), operations=operations, service=service)
    assert (operations.rows, service.starts) == ({}, [])


def test_submit_stops_what_it_started_when_the_row_was_closed_meanwhile() -> None:
    operations = FakeOperations()

    class ClosedDuringTheCall(FakeService):
        def submit(self, operation):  # type: ignore[no-untyped-def]
            super().submit(operation)
            operations.close(operation, at=1, error="RunStopped")

    service = ClosedDuringTheCall()
    submit(an_operation(), operations=operations, service=service)
    assert service.stops == [f"{RUN_ID}-s0"]
