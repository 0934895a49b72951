"""Promotions by pointer: never over a model that the gate did not see, and found again after a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from atelier.errors import ResourceInUse, Superseded
from atelier.operations.model import Operation, OperationState, Phase
from atelier.targets.bedrock_import import PROMOTION
from atelier.targets.pointer import Pointer, Served
from lambdas.adapters.pointer_promotions import PointerPromotions
from tests.fixtures.operations import an_operation
from tests.fixtures.pointers import FakePointers

NAME = "support-agent"
A, B = "tool-calling-20261123140500", "tool-calling-20261124140500"


def promotion(run_id: str, *, over: str | None) -> Operation:
    request = {
        "deployment_name": NAME,
        "model_arn": f"arn:{run_id}",
        "previous_model_arn": over and f"arn:{over}",
    }
    return an_operation("promotion", run_id=run_id, kind=PROMOTION, request=request)


@pytest.fixture
def pointers() -> FakePointers:
    return FakePointers()


@pytest.fixture
def promotions(pointers: FakePointers) -> PointerPromotions:
    return PointerPromotions(pointers=pointers, now=lambda: 7)


def test_a_first_promotion_makes_the_pointer(promotions: PointerPromotions, pointers: FakePointers) -> None:
    operation = promotion(A, over=None)
    assert promotions.describe(operation).phase is Phase.ABSENT
    promotions.submit(operation)
    assert pointers.published[NAME] == Pointer("bedrock-import", (Served(f"arn:{A}", A),), since=7)
    status = promotions.describe(operation)
    assert (status.phase, status.result) == (
        Phase.SUCCEEDED,
        {"deployment_arn": f"arn:{A}", "previous_model_arn": None},
    )


def test_a_second_promotion_remembers_what_it_replaced(
    promotions: PointerPromotions, pointers: FakePointers
) -> None:
    promotions.submit(promotion(A, over=None))
    promotions.submit(promotion(B, over=A))
    assert pointers.pointers[NAME].previous == Served(f"arn:{A}", A)


def test_a_model_that_the_gate_did_not_see_is_not_replaced(
    promotions: PointerPromotions, pointers: FakePointers
) -> None:
    promotions.submit(promotion(A, over=None))
    with pytest.raises(
        Superseded, match=f"serves arn:{A} now; the gate compared the candidate with the base model"
    ):
        promotions.submit(promotion(B, over=None))
    assert pointers.pointers[NAME].serving.run_id == A


def test_a_resubmission_after_a_crash_does_not_undo_a_later_promotion(
    promotions: PointerPromotions, pointers: FakePointers
) -> None:
    promotions.submit(promotion(A, over=None))
    promotions.submit(promotion(B, over=A))
    promotions.submit(promotion(A, over=None))
    assert pointers.pointers[NAME].serving.run_id == B
    assert promotions.describe(promotion(A, over=None)).phase is Phase.SUCCEEDED


def test_a_promotion_that_was_accepted_succeeded_although_the_pointer_is_gone(
    promotions: PointerPromotions, pointers: FakePointers
) -> None:
    operation = promotion(A, over=None)
    promotions.submit(operation)
    pointers.delete(NAME, instead_of=pointers.pointers[NAME])
    assert promotions.describe(replace(operation, state=OperationState.STARTED)).phase is Phase.SUCCEEDED


def test_a_crash_before_the_copy_is_repaired_by_the_next_submission(
    promotions: PointerPromotions, pointers: FakePointers
) -> None:
    pointers.pointers[NAME] = Pointer("bedrock-import", (Served(f"arn:{A}", A),), since=1)
    promotions.submit(promotion(A, over=None))
    assert pointers.published[NAME] == pointers.pointers[NAME]


def test_a_run_that_loses_the_write_waits_and_looks_again(
    promotions: PointerPromotions, pointers: FakePointers
) -> None:
    def lost(*_: object, **__: object) -> bool:
        return False

    write: Callable[..., bool] = lost
    pointers.write = write  # type: ignore[method-assign]
    with pytest.raises(ResourceInUse, match="was switched by another run at the same moment"):
        promotions.submit(promotion(A, over=None))
