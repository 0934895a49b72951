"""Continued pre-training: one text a line and nothing else.

Source: Amazon Nova user guide, CPT; Nova Forge 1.4.10, cpt_dataset_validator.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.rules.finding import Violation
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.fields import FIELD_RULES, TEXT, UNKNOWN_KEY, Field, check_fields

_SAMPLE = (Field("text", TEXT, says=True),)


def validate(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    """Violations of one sample."""
    yield from check_fields(sample, _SAMPLE)


CPT = register(
    Definition(
        name="cpt",
        use="training",
        purpose="continued pre-training of Nova",
        row='`{"text"}`',
        rules=(*FIELD_RULES, UNKNOWN_KEY),
        validate=validate,
    )
)
