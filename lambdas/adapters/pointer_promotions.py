"""Promotions on targets whose deployments are pointers."""

from __future__ import annotations

from collections.abc import Callable

from atelier.errors import ResourceInUse
from atelier.operations.model import Operation, OperationState, Phase, Status
from atelier.targets.pointer import Pointer, Pointers, Served
from atelier.targets.promotion import superseded
from atelier.targets.registry import target_of_kind


class PointerPromotions:
    """Port LongRunning: a promotion is one conditional write, so it has happened once it was accepted."""

    ends_by_itself = False

    def __init__(self, *, pointers: Pointers, now: Callable[[], int]) -> None:
        self._pointers = pointers
        self._now = now

    def submit(self, operation: Operation) -> None:
        """Point to the candidate. Superseded when something else serves than the promotion expects."""
        request = operation.request
        name, candidate = request["deployment_name"], Served(request["model_arn"], operation.run_id)
        pointer = self._pointers.read(name)
        if _has_served(pointer, operation.run_id):
            self._pointers.publish(name)
            return
        serving = pointer.serving.model_id if pointer else None
        if serving != request["previous_model_arn"]:
            raise superseded(name, serving=serving, compared_with=request["previous_model_arn"])
        target = target_of_kind(operation.kind) or ""
        switched = (
            pointer.switched(candidate, now=self._now())
            if pointer
            else Pointer(target, (candidate,), since=self._now())
        )
        if not self._pointers.write(name, switched, instead_of=pointer):
            raise ResourceInUse(f"deployment {name} was switched by another run at the same moment")

    def describe(self, operation: Operation) -> Status:
        """SUCCEEDED once the pointer has, or had, the candidate; ABSENT before."""
        request = operation.request
        is_done = operation.state is OperationState.STARTED or _has_served(
            self._pointers.read(request["deployment_name"]), operation.run_id
        )
        if not is_done:
            return Status(Phase.ABSENT)
        result = {
            "deployment_arn": request["model_arn"],
            "previous_model_arn": request["previous_model_arn"],
        }
        return Status(Phase.SUCCEEDED, result=result, detail="Promoted")

    def stop(self, operation: Operation) -> None:
        """Nothing: ReleaseRun points back."""


def _has_served(pointer: Pointer | None, run_id: str) -> bool:
    return pointer is not None and run_id in {served.run_id for served in pointer.history}
