"""Any number of runs on one name, with crashes, stops and doubled looks in between.

The real target, promotions and teardown run on stores in memory. A step may be repeated, as Step Functions
and the schedule repeat it, and a crash is a call whose effect is there while its caller did not go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from atelier import names
from atelier.errors import ResourceInUse, Superseded
from atelier.operations.model import Operation, OperationState, Phase
from atelier.targets.bedrock_import import IMPORT, TARGET, WARM_UP
from atelier.targets.pointer import Pointer
from atelier.targets.ports import Room
from atelier.targets.teardown import teardown
from lambdas.adapters.imported_models import ImportedModels
from lambdas.adapters.pointer_promotions import PointerPromotions
from tests.fixtures.operations import FakeOperations, FakeService, an_operation
from tests.fixtures.pointers import FakePointers

NAME = "support-agent"


def arn(run_id: str) -> str:
    return f"arn:{run_id}"


class StoredModels(ImportedModels):
    """The adapter on a set of models in place of Bedrock."""

    def __init__(self, pointers: FakePointers) -> None:
        self.models: set[str] = set()
        self.is_busy = False
        self._pointers = pointers
        self._now = lambda: 0
        self._quota = 99

    def room(self) -> Room:
        return Room(self._quota, tuple(self.models))

    def delete_model(self, model_name: str, *, run_id: str) -> None:
        assert model_name == run_id
        if self.is_busy:
            raise ResourceInUse(model_name)
        self.models.discard(model_name)


@dataclass
class Run:
    """A run that has passed its gate: `compared_with` is what served when it began."""

    run_id: str
    compared_with: str | None
    promotion: Operation | None = None
    result: Mapping[str, Any] | None = None
    is_over: bool = False
    history: list[str] = field(default_factory=list)


class Deployments(RuleBasedStateMachine):
    runs: Bundle[Run] = Bundle("runs")

    @initialize()
    def begin(self) -> None:
        self.count = 0
        self.pointers = FakePointers()
        self.operations = FakeOperations()
        self.models = StoredModels(self.pointers)
        self.promotions = PointerPromotions(pointers=self.pointers, now=lambda: 0)
        self.promoted: set[str] = set()
        self.all: list[Run] = []

    @rule(target=runs)
    def a_run_begins_and_its_model_is_imported(self) -> Run:
        self.count += 1
        serving = self.models.serving_model(NAME)
        run = Run(f"run-202611231405{self.count:02}", serving.model_arn if serving else None)
        self.models.models.add(run.run_id)
        for step, kind in ((names.CUSTOM_MODEL, IMPORT), (names.DEPLOYMENT, WARM_UP)):
            self.operations.rows[run.run_id, step] = an_operation(
                step, run_id=run.run_id, kind=kind, state=OperationState.ENDED
            )
        self.all.append(run)
        return run

    @rule(run=runs, crashes=st.booleans())
    def it_is_promoted(self, run: Run, crashes: bool) -> None:
        """The state, a retry of it, or the schedule that finds the row; a crash leaves the row RECORDED."""
        if run.is_over or run.result:
            return
        planned = TARGET.promote(
            run.run_id,
            deployment_name=NAME,
            model_arn=arn(run.run_id),
            compared_with=run.compared_with,
        )
        operation = run.promotion or an_operation(
            planned.step, run_id=run.run_id, kind=planned.kind, request=dict(planned.request)
        )
        run.promotion = self.operations.record(operation)
        before = self.pointers.read(NAME)
        try:
            self.promotions.submit(run.promotion)
        except Superseded:
            self._fail(run)
            return
        except ResourceInUse:
            return
        if self.pointers.read(NAME) != before:
            self.promoted.add(run.run_id)
        if not crashes:
            run.promotion = replace(run.promotion, state=OperationState.STARTED)

    @rule(run=runs)
    def the_schedule_looks(self, run: Run) -> None:
        if run.promotion is None or run.is_over or run.result:
            return
        status = self.promotions.describe(run.promotion)
        if status.phase is Phase.SUCCEEDED:
            run.result = status.result
            self.operations.close(run.promotion, at=0)

    @rule(run=runs, busy=st.booleans())
    def it_ends_promoted(self, run: Run, busy: bool) -> None:
        """State RetireCandidate, which is called again when a model could not be deleted."""
        if not run.result or run.is_over:
            return
        self.models.is_busy = busy
        try:
            TARGET.retire(run.run_id, deployment_name=NAME, deployments=self.models)
        except ResourceInUse:
            return
        finally:
            self.models.is_busy = False
        run.is_over = True

    @rule(run=runs)
    def it_fails_or_is_stopped_before_its_end(self, run: Run) -> None:
        if not run.is_over:
            self._fail(run)

    @rule(run=runs)
    def its_end_is_repeated(self, run: Run) -> None:
        """A teardown that ran already, called again by a retry."""
        if run.is_over and run.result is None:
            self._fail(run)

    @invariant()
    def what_serves_was_promoted_and_is_there(self) -> None:
        pointer = self._pointer()
        if pointer is None:
            return
        assert pointer.serving.run_id in self.promoted
        assert pointer.serving.run_id in self.models.models
        assert {served.run_id for served in pointer.history} <= self.models.models

    @invariant()
    def the_parameter_says_what_the_pointer_says(self) -> None:
        assert self.pointers.published.get(NAME) == self._pointer()

    @invariant()
    def no_promotion_that_ended_well_is_undone_by_another_run(self) -> None:
        done = [run.run_id for run in self.all if run.is_over and run.result]
        if done:
            assert self._pointer() is not None

    @invariant()
    def every_report_names_the_model_that_the_gate_saw(self) -> None:
        for run in self.all:
            if run.result:
                assert run.result["previous_model_arn"] == run.compared_with

    @invariant()
    def nothing_is_left_behind(self) -> None:
        pointer = self._pointer()
        held = {served.run_id for served in (*pointer.history, *pointer.retired)} if pointer else set()
        under_way = {run.run_id for run in self.all if not run.is_over}
        assert self.models.models <= held | under_way

    def _fail(self, run: Run) -> None:
        run.is_over = True
        run.result = None
        teardown(
            run.run_id,
            operations=self.operations,
            jobs_of=lambda _kind: FakeService(),
            deployments_of=lambda _target: self.models,
            now=0,
        )

    def _pointer(self) -> Pointer | None:
        return self.pointers.read(NAME)


Deployments.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestDeployments = Deployments.TestCase
