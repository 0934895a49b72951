"""Whether a stage can be stopped early without losing its model."""

from __future__ import annotations

from collections.abc import Iterator

from atelier.platforms.registry import platform_named
from atelier.problems import Problem
from atelier.recipes.resolve import Recipe
from atelier.registry import PLATFORMS
from atelier.runs.model import Stage

_LENGTH = "max_steps"
_BATCHES = "limit_val_batches"


def problems_of(stage: Stage, recipe: Recipe, *, path: str) -> Iterator[Problem]:
    """Why the policy could not keep the best checkpoint, or would never have a loss to judge by."""
    if stage.early_stopping is None:
        return
    keeping = [name for name in PLATFORMS if platform_named(name).keeps_checkpoints_of_stopped_jobs]
    if recipe.platform not in keeping:
        message = (
            f"a job on {recipe.platform} cannot be stopped and keep its checkpoints: stopping deletes it; "
            f"leave it out, or say platform: {' or '.join(keeping)}"
        )
        yield Problem(f"{path}.early_stopping", message, is_combination=True)
        return
    checkpoints = recipe.template.checkpoints
    if checkpoints is None:
        message = (
            f"{recipe.row.name} saves only the finished model: stopping its job would lose it; leave it out"
        )
        yield Problem(f"{path}.early_stopping", message, is_combination=True)
        return
    if checkpoints.measured_by is None:
        message = f"{recipe.row.name} measures no validation loss to judge by; leave it out"
        yield Problem(f"{path}.early_stopping", message, is_combination=True)
        return
    if stage.validation is None:
        message = "required by early_stopping, which judges by the loss on it"
        yield Problem(f"{path}.validation", message)
    values = {key.name: recipe.values[key.path] for key in recipe.keys if key.name}
    saved, measured = values[checkpoints.saved_by], values[checkpoints.measured_by]
    settings = f"{path}.hyperparameters"
    if _LENGTH in values and saved >= values[_LENGTH]:
        message = (
            f"must be less than {_LENGTH} = {values[_LENGTH]} with early_stopping: no checkpoint is saved "
            "before the end, so stopping the job would lose the model"
        )
        yield Problem(f"{settings}.{checkpoints.saved_by}", message, saved)
    elif measured % saved:
        message = (
            f"must be a multiple of {checkpoints.saved_by} = {saved} with early_stopping: the best step is "
            "kept only if its checkpoint is saved"
        )
        yield Problem(f"{settings}.{checkpoints.measured_by}", message, measured)
    if _LENGTH in values and measured >= values[_LENGTH]:
        message = (
            f"must be less than {_LENGTH} = {values[_LENGTH]} with early_stopping, or no loss is reported"
        )
        yield Problem(f"{settings}.{checkpoints.measured_by}", message, measured)
    if values.get(_BATCHES) == 0:
        yield Problem(f"{settings}.{_BATCHES}", "0 measures no loss, which early_stopping judges by", 0)


def warnings_of(stage: Stage, recipe: Recipe, *, path: str) -> Iterator[str]:
    """That the best checkpoint may be gone by the time that the job is stopped.

    AWS says that save_top_k is for HyperPod; whether a training job prunes by it, and by what, it does not.
    """
    checkpoints = recipe.template.checkpoints
    if stage.early_stopping is None or checkpoints is None or not checkpoints.measured_by:
        return
    values = {key.name: recipe.values[key.path] for key in recipe.keys if key.name}
    kept = recipe.values.get(checkpoints.kept_at or "")
    later = stage.early_stopping.patience * values[checkpoints.measured_by] // values[checkpoints.saved_by]
    if kept is not None and later >= kept:
        yield (
            f"{path}.early_stopping: {later} checkpoints are saved after the best one before its job is "
            f"stopped, and {recipe.row.name} may keep {kept} only; a larger {checkpoints.saved_by} or less "
            "patience keeps the best among them"
        )
