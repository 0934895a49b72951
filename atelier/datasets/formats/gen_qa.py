"""One's own questions and answers for task gen_qa (Amazon Nova user guide, "Bring your own dataset")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.rules.feature_counts import FeatureCounts, Features
from atelier.datasets.rules.finding import Violation
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.dialogue import Dialogue, text_of
from atelier.datasets.shapes.fields import (
    FIELD_RULES,
    LIST,
    TEXT,
    TEXT_OR_OBJECT,
    UNREAD_KEY,
    Field,
    check_fields,
)
from atelier.datasets.shapes.file_rules import ALL_OR_NONE, check_all_or_none
from atelier.datasets.shapes.images import IMAGE_DATA, check_images
from atelier.datasets.shapes.writing import single_question

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
    """Violations of one sample: `query` and `response`, optionally `system`, `images`, `metadata`."""
    yield from check_fields(sample, _SAMPLE, extra=UNREAD_KEY)
    yield from check_images(sample.get("images"))


def _features(sample: dict[str, Any]) -> Features:
    return frozenset(key for key in _OPTIONAL_KEYS if key in sample)


def _across(feature_counts: FeatureCounts, _requirements: Requirements) -> Iterator[Violation]:
    return check_all_or_none(feature_counts, _OPTIONAL_KEYS)


def _write(dialogue: Dialogue) -> dict[str, Any]:
    """An answer that is a tool call becomes its JSON; the name of the tool goes into `metadata`."""
    sample = {"system": "\n".join(dialogue.system)} if dialogue.system else {}
    sample |= {"query": single_question(dialogue), "response": text_of(dialogue.answer, "the answer")}
    call = dialogue.answer[0].get("toolUse")
    return sample | {"metadata": call["name"]} if call else sample


GEN_QA = register(
    Definition(
        name="gen_qa",
        use="evaluation",
        purpose="evaluation on your own questions",
        row='`{"query", "response", "system", "images": [{"data"}], "metadata"}`',
        rules=(*FIELD_RULES, UNREAD_KEY, IMAGE_DATA, ALL_OR_NONE),
        validate=validate,
        features=_features,
        across=_across,
        write=_write,
    )
)
