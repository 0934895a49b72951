"""One's own questions and answers for task gen_qa (Amazon Nova user guide, "Bring your own dataset")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition
from atelier.datasets.demands import Demands
from atelier.datasets.fault import Fault, shown
from atelier.datasets.rule import Rule

SHAPE = Rule(
    "gen-qa-shape", "A row is a question and its answer.", "Amazon Nova user guide, Bring your own dataset"
)

_REQUIRED = ("query", "response")
_OPTIONAL_TEXTS = ("system",)
_KEYS = (*_REQUIRED, *_OPTIONAL_TEXTS, "images", "metadata")


def check_gen_qa(sample: dict[str, Any], _demands: Demands) -> Iterator[Fault]:
    """Faults of one sample: `query` and `response`, optionally `system`, `images`, `metadata`."""
    for key in _REQUIRED:
        value = sample.get(key)
        if not isinstance(value, str) or not value:
            yield Fault(SHAPE, key, shown(value), "a text that is not empty")
    for key in _OPTIONAL_TEXTS:
        if key in sample and not isinstance(sample[key], str):
            yield Fault(SHAPE, key, shown(sample[key]), "a text")
    # AWS's guide says metadata is a text, the SDK's own JSON Schema says it is an object: both pass.
    if "metadata" in sample and not isinstance(sample["metadata"], str | dict):
        yield Fault(SHAPE, "metadata", shown(sample["metadata"]), "a text or an object")
    if "images" in sample and not _are_images(sample["images"]):
        yield Fault(SHAPE, "images", shown(sample["images"]), '[{"data": "data:image/png;Base64,…"}]')
    for key in sorted(sample.keys() - set(_KEYS)):
        yield Fault(SHAPE, "keys", key, ", ".join(_KEYS))


def _are_images(images: Any) -> bool:
    return isinstance(images, list) and all(
        isinstance(image, dict) and str(image.get("data", "")).startswith("data:image/") for image in images
    )


GEN_QA = Definition((SHAPE,), check_gen_qa)
