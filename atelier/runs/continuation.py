"""Which checkpoint a run may continue from."""

from __future__ import annotations

from atelier.problems import Problem, raise_for
from atelier.runs.model import Run
from atelier.runs.parse import SUBJECT


def ensure_continuable(run: Run, *, base_model: str, adaptation: str, source: str) -> None:
    """UnsupportedCombination unless a checkpoint of `source` fits the run's first stage.

    The same base model, LoRA after LoRA, full after full: Amazon Nova user guide, "Iterative training".
    """
    problems = []
    if base_model != run.base_model:
        message = f"its base model is {base_model}, not {run.base_model} as in the run; they must agree"
        problems.append(Problem("continue_from", message, source, is_combination=True))
    if adaptation != run.stages[0].adaptation:
        message = (
            f"its adaptation is {adaptation}, not {run.stages[0].adaptation} as in stage 0; they must agree"
        )
        problems.append(Problem("continue_from", message, source, is_combination=True))
    raise_for(problems, subject=SUBJECT)
