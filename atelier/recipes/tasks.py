"""What evaluations measure, as rows."""

from __future__ import annotations

from collections.abc import Mapping

from atelier.recipes.frozen import Frozen


class OwnDataset(Frozen):
    """The format of a task's dataset, and the file name where its container looks for one."""

    format: str
    file: str | None = None


class Task(Frozen):
    """What an evaluation measures: its recipe's strategy and metric, the metrics that its container writes.

    `metrics` gives each one's best value (None: unbounded). `is_available`: run files may name it.
    `disputed`: why AWS's sources disagree on it.
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
        """What a recipe's keys are filled with."""
        return {"task": self.name, "strategy": self.strategy, "metric": self.metric}
