"""Every input that fuzzing kept, once more: none breaks a promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("target", TARGETS)
def test_no_kept_input_breaks_a_promise(target: str) -> None:
    inputs = sorted((CORPUS / target).iterdir())

    assert inputs
    for kept in inputs:
        TARGETS[target](kept.read_bytes())
