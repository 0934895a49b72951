from __future__ import annotations

from decimal import Decimal

import pytest

from localcloud.kubernetes.quantities import quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8", "8"),
        (32, "32"),
        ("500m", "0.5"),
        ("16Gi", "17179869184"),
        ("1k", "1000"),
        ("2e3", "2000"),
        (".5", "0.5"),
    ],
)
def test_a_quantity_is_the_exact_number_it_stands_for(text: str | int, value: str) -> None:
    assert quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "1GB", "-", "eight"])
def test_what_is_no_quantity_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity: a number with one of the suffixes"):
        quantity(text)
