"""Check that a stage can be stopped early without losing its model."""

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
    """Reasons why early stopping would lose the best checkpoint, or never get a validation loss."""
    if stage.early_stopping is None:
        return
    keeping = [name for name in PLATFORMS if platform_named(name).keeps_checkpoints_of_stopped_jobs]
    if recipe.platform not in keeping:
        message = (
            f"stopping a job on {recipe.platform} deletes it and its checkpoints; "
            f"leave early_stopping out, or set platform: {' or '.join(keeping)}"
        )
        yield Problem(f"{path}.early_stopping", message, is_combination=True)
        return
    checkpoints = recipe.template.checkpoints
    if checkpoints is None:
        message = (
            f"{recipe.row.name} saves only the finished model, which stopping its job would lose; "
            "leave early_stopping out"
        )
        yield Problem(f"{path}.early_stopping", message, is_combination=True)
        return
    if checkpoints.measured_by is None:
        message = f"{recipe.row.name} measures no validation loss; leave early_stopping out"
        yield Problem(f"{path}.early_stopping", message, is_combination=True)
        return
    if stage.validation is None:
        message = "required by early_stopping, which uses the validation loss"
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
        yield Problem(
            f"{settings}.{_BATCHES}", "must not be 0 with early_stopping, which uses the validation loss", 0
        )


def warnings_of(stage: Stage, recipe: Recipe, *, path: str) -> Iterator[str]:
    """A warning if the best checkpoint may be deleted before the job is stopped.

    AWS documents save_top_k for HyperPod. Whether training jobs delete checkpoints by it is not documented.
    """
    checkpoints = recipe.template.checkpoints
    if stage.early_stopping is None or checkpoints is None or not checkpoints.measured_by:
        return
    values = {key.name: recipe.values[key.path] for key in recipe.keys if key.name}
    kept = recipe.values.get(checkpoints.kept_at or "")
    later = stage.early_stopping.patience * values[checkpoints.measured_by] // values[checkpoints.saved_by]
    if kept is not None and later >= kept:
        yield (
            f"{path}.early_stopping: {later} checkpoints are saved between the best one and the stop, but "
            f"{recipe.row.name} may keep only {kept}; use a larger {checkpoints.saved_by} or less patience "
            "to keep the best one"
        )
