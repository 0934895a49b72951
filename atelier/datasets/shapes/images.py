"""Images that evaluation rows carry in themselves, as data URLs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.rules.finding import Rule, Violation, shown
from atelier.datasets.shapes.fields import (
    OBJECT,
    TEXT,
    UNREAD_KEY,
    VALUE_TYPE,
    Field,
    below,
    check_fields,
)

IMAGE_DATA = Rule(
    "image-data",
    "An image is a data URL in base64: data:image/png;base64,…",
    "Amazon Nova user guide, bring your own dataset; Nova Forge EvalDatasetSample",
)

_IMAGE = (Field("data", TEXT),)


def check_images(images: Any, at: str = "images") -> Iterator[Violation]:
    """Violations of a list of images, {data: data URL} each; `value-type` reports a value that is no list."""
    for index, image in enumerate(images if isinstance(images, list) else ()):
        where = f"{at}[{index}]"
        if not isinstance(image, dict):
            yield Violation(VALUE_TYPE, where, shown(image), OBJECT.accepted)
            continue
        yield from check_fields(image, _IMAGE, where, extra=UNREAD_KEY)
        data = image.get("data")
        if isinstance(data, str) and not (data.startswith("data:image/") and ";base64," in data[:64].lower()):
            yield Violation(IMAGE_DATA, below(where, "data"), shown(data), "data:image/png;base64,…")
