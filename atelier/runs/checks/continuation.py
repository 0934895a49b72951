"""Check that a run can continue from a checkpoint."""

from __future__ import annotations

from atelier.problems import Problem, raise_for
from atelier.runs.checks.stage_order import DISTILLATION
from atelier.runs.model import Run
from atelier.runs.parse import SUBJECT


def ensure_continuable(run: Run, *, base_model: str, adaptation: str, source: str) -> None:
    """UnsupportedCombination unless a checkpoint of `source` fits the run's first stage.

    Base model and adaptation must be the same. Source: Amazon Nova user guide, "Iterative training".
    """
    problems = []
    if base_model != run.base_model:
        message = f"its base model is {base_model}; the run has {run.base_model}; they must agree"
        problems.append(Problem("continue_from", message, source, is_combination=True))
    first, stage = next((i, stage) for i, stage in enumerate(run.stages) if stage.technique != DISTILLATION)
    if adaptation != stage.adaptation:
        message = f"its adaptation is {adaptation}; stage {first} has {stage.adaptation}; they must agree"
        problems.append(Problem("continue_from", message, source, is_combination=True))
    raise_for(problems, subject=SUBJECT)
