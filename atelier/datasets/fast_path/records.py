"""The fast path of formats without their own: a faster JSON reader, then the format's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from atelier.datasets.definition import Definition
from atelier.datasets.fast_path.decoding import UNDECODABLE
from atelier.datasets.lines.line import MOST_LEVELS, levels
from atelier.datasets.rules.feature_counts import Features
from atelier.datasets.rules.finding import Violation
from atelier.datasets.rules.requirements import Requirements

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class RecordFastPath:
    """Accepts a row in which its format's rules find no violation.

    Its reader refuses the same lines as the line reader, except for depth, which is checked here.
    """

    def __init__(
        self,
        validate: Callable[[dict[str, Any], Requirements], Iterable[Violation]],
        features: Callable[[dict[str, Any]], Features],
        requirements: Requirements,
    ) -> None:
        self._validate = validate
        self._features = features
        self._requirements = requirements

    def __call__(self, line: bytes) -> Features | None:
        try:
            sample = _decode(line)
        except UNDECODABLE:
            return None
        if levels(line) > MOST_LEVELS or any(self._validate(sample, self._requirements)):
            return None
        return self._features(sample)


def with_fast_path(definition: Definition) -> Definition:
    """The definition with this fast path."""
    return replace(definition, fast_path=partial(RecordFastPath, definition.validate, definition.features))
