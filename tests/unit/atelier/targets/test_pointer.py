"""What a deployment's name points to."""

from __future__ import annotations

from atelier.targets.pointer import Pointer, Served

ONE, TWO, THREE = (Served(f"arn:{number}", f"run-{number}") for number in (1, 2, 3))


def test_a_pointer_is_read_back_as_it_was_written() -> None:
    pointer = Pointer("bedrock-import", (TWO, THREE), since=9, retired=(ONE,))
    assert Pointer.from_json(pointer.to_json()) == pointer


def test_a_reader_ignores_what_a_newer_version_adds() -> None:
    pointer = Pointer("bedrock-import", (ONE,), since=9)
    assert Pointer.from_json({**pointer.to_json(), "version": 2, "weight": 0.1}) == pointer


def test_a_reader_finds_what_to_invoke_and_what_served_before() -> None:
    document = Pointer("bedrock-import", (ONE, TWO), since=9).to_json()
    assert (document["model_id"], document["run_id"]) == ("arn:2", "run-2")
    assert document["previous"] == {"model_id": "arn:1", "run_id": "run-1"}


def test_what_served_before_a_withdrawn_model_serves_again() -> None:
    third = Pointer("bedrock-import", (ONE,), since=1).switched(TWO, now=2).switched(THREE, now=3)

    assert third.without({"run-3"}, now=4) == Pointer("bedrock-import", (ONE, TWO), since=4)
    assert third.without({"run-2"}, now=4) == Pointer("bedrock-import", (ONE, THREE), since=3)
    assert third.without({"run-2", "run-3"}, now=4) == Pointer("bedrock-import", (ONE,), since=4)
    assert third.without({"run-1", "run-2", "run-3"}, now=4) is None
    assert third.without({"other"}, now=4) == third


def test_a_run_keeps_the_model_that_it_replaced_and_retires_older_ones() -> None:
    third = Pointer("bedrock-import", (ONE,), since=1).switched(TWO, now=2).switched(THREE, now=3)

    assert [third.retire_before(run_id) for run_id in ("run-1", "run-2", "other")] == [third] * 3
    retired = third.retire_before("run-3")
    assert retired == Pointer("bedrock-import", (TWO, THREE), since=3, retired=(ONE,))
    assert retired.without_retired() == Pointer("bedrock-import", (TWO, THREE), since=3)
