"""The shortcut for formats without one of their own: a quicker reader, then the very rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from atelier.datasets.formats.definition import Definition
from atelier.datasets.formats.fast_path.typed import UNDECODABLE
from atelier.datasets.rules.feature_counts import Traits
from atelier.datasets.rules.requirements import Demands
from atelier.datasets.rules.violation import Fault
from atelier.datasets.scan.line import MOST_LEVELS, levels

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class RecordAcceptor:
    """Says clean of a row in which its format's own rules find nothing.

    Its reader refuses what the line reader refuses, but for depth.
    """

    def __init__(
        self,
        explain: Callable[[dict[str, Any], Demands], Iterable[Fault]],
        traits: Callable[[dict[str, Any]], Traits],
        demands: Demands,
    ) -> None:
        self._explain = explain
        self._traits = traits
        self._demands = demands

    def __call__(self, line: bytes) -> Traits | None:
        try:
            sample = _decode(line)
        except UNDECODABLE:
            return None
        if levels(line) > MOST_LEVELS or any(self._explain(sample, self._demands)):
            return None
        return self._traits(sample)


def quickly_read(definition: Definition) -> Definition:
    """The definition with this shortcut."""
    return replace(definition, acceptor=partial(RecordAcceptor, definition.explain, definition.traits))
