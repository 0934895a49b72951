"""Rows of evaluation tasks."""

from __future__ import annotations

from collections.abc import Mapping

from atelier.recipes.frozen import Frozen


class OwnDataset(Frozen):
    """The format of a task's dataset, and the file name that its container requires, if any."""

    format: str
    file: str | None = None


class Task(Frozen):
    """What an evaluation measures: strategy and metric of its recipe, and metrics that its container writes.

    `metrics` has the best value of each metric (None: unbounded). `is_available`: run files may name the
    task. `disputed`: how AWS's sources disagree about it.
    """

    name: str
    strategy: str
    metric: str
    metrics: Mapping[str, float | None]
    names_its_metrics: bool = False
    dataset: OwnDataset | None = None
    subtasks: tuple[str, ...] = ()
    disputed: str | None = None
    source: str
    is_available: bool = True

    @property
    def fills(self) -> Mapping[str, str]:
        """Values by placeholder."""
        return {"task": self.name, "strategy": self.strategy, "metric": self.metric}
