"""One's own questions and answers for task gen_qa (Amazon Nova user guide, "Bring your own dataset")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.formats.definition import Definition
from atelier.datasets.formats.fields import (
    FIELD_RULES,
    LIST,
    TEXT,
    TEXT_OR_OBJECT,
    UNREAD_KEY,
    Field,
    check_fields,
)
from atelier.datasets.formats.file_rules import ALL_OR_NONE, check_all_or_none
from atelier.datasets.formats.images import IMAGE_DATA, check_images
from atelier.datasets.rules.feature_counts import FeatureCounts, Features
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.rules.violation import Violation

_OPTIONAL_KEYS = ("system", "images")
_SAMPLE = (
    Field("query", TEXT, says=True),
    Field("response", TEXT, says=True),
    Field("system", TEXT, required=False),
    Field("images", LIST, required=False),
    # The user guide says a text, the JSON Schema of AWS's SDK an object: both pass.
    Field("metadata", TEXT_OR_OBJECT, required=False),
)


def validate(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    """Faults of one sample: `query` and `response`, optionally `system`, `images`, `metadata`."""
    yield from check_fields(sample, _SAMPLE, extra=UNREAD_KEY)
    yield from check_images(sample.get("images"))


def _traits(sample: dict[str, Any]) -> Features:
    return frozenset(key for key in _OPTIONAL_KEYS if key in sample)


def _across(feature_counts: FeatureCounts, _requirements: Requirements) -> Iterator[Violation]:
    return check_all_or_none(feature_counts, _OPTIONAL_KEYS)


GEN_QA = Definition((*FIELD_RULES, UNREAD_KEY, IMAGE_DATA, ALL_OR_NONE), validate, _traits, _across)
