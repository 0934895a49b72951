"""What a benchmark prints."""

from __future__ import annotations

import json

import pytest

from benchmarks.result import Result


@pytest.mark.parametrize(("ours", "reference", "ratio"), [(3.0, 2.0, 1.5), (0.5, 150.0, 0.0033)])
def test_a_benchmark_prints_one_line_with_ours_as_a_multiple_of_the_reference(
    ours: float, reference: float, ratio: float
) -> None:
    result = Result(
        name="synth", unit="s", ours=ours, reference=reference, better="lower", promise="≤ 2", kept=True
    )
    assert "\n" not in result.to_json()
    assert json.loads(result.to_json()) == {
        "name": "synth",
        "unit": "s",
        "ours": ours,
        "reference": reference,
        "ratio": ratio,
        "better": "lower",
    }
