"""Training curves from a job's log lines."""

from __future__ import annotations

from collections.abc import Iterable

from atelier.operations.loss_log import parse

SERIES = ("reduced_train_loss", "val_loss", "reward_accuracy", "reward_margin")
MAX_POINTS = 500

Curve = tuple[tuple[float, float], ...]


def read_curves(lines: Iterable[str]) -> dict[str, Curve]:
    """(step, value) points by series, thinned; of a step that several ranks log, the last value counts."""
    points: dict[str, dict[float, float]] = {}
    for line in lines:
        values = parse(line) or {}
        for name in SERIES:
            if name in values:
                points.setdefault(name, {})[values["global_step"]] = values[name]
    return {name: _thin(tuple(sorted(points[name].items()))) for name in SERIES if name in points}


def _thin(curve: Curve) -> Curve:
    """At most MAX_POINTS, evenly chosen, with the first and the last."""
    if len(curve) <= MAX_POINTS:
        return curve
    gaps = MAX_POINTS - 1
    return tuple(curve[round(index * (len(curve) - 1) / gaps)] for index in range(MAX_POINTS))
