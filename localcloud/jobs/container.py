"""A training job's process: `python -m localcloud.jobs.container`.

Reads the job's folder as a SageMaker container does (SM_ML_ROOT stands for /opt/ml), runs the recipe it finds
there, and leaves weights, manifest or evaluation results behind. What goes wrong is one message in
output/failure and exit code 1. SIGTERM ends a training that saves checkpoints on its way after its current
step, with a manifest that names the last one saved; it ends anything else at once.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from localcloud.jobs.dpo import prefer
from localcloud.jobs.evaluation import evaluate
from localcloud.jobs.failures import JobFailed
from localcloud.jobs.opt_ml import OptMl
from localcloud.jobs.recipe import EvaluationRecipe, StepsConfig, StepsRecipe, TrainingRecipe, read_recipe
from localcloud.jobs.saved_steps import SavedSteps
from localcloud.jobs.sft import fine_tune
from localcloud.model.checkpoint import Checkpoint, UnreadableCheckpoint

log = logging.getLogger(__name__)

SEED = 1
"""Recipes have no seed. With one for all, the same recipe on the same data makes the same model."""


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    opt_ml = OptMl(Path(os.environ["SM_ML_ROOT"]))
    try:
        run(opt_ml, os.environ)
    except JobFailed as failure:
        opt_ml.write_failure(str(failure))
        log.error("%s", failure)
        return 1
    except Exception as error:
        opt_ml.write_failure(f"{type(error).__name__}: {error}")
        log.exception("the job ended with an error of its own")
        return 1
    return 0


def run(opt_ml: OptMl, environment: Mapping[str, str]) -> None:
    """Train or evaluate, whichever the recipe asks for."""
    hyperparameters = opt_ml.hyperparameters()
    recipe = read_recipe(opt_ml.recipe_path(hyperparameters))
    model = _model(hyperparameters, environment)
    if isinstance(recipe, EvaluationRecipe):
        evaluate(model, recipe, opt_ml, SEED)
        return
    last = _train(model, recipe, opt_ml)
    if last is not None:
        opt_ml.write_manifest(environment["ATELIER_ESCROW_URI"], last)


def _train(model: Checkpoint, recipe: TrainingRecipe | StepsRecipe, opt_ml: OptMl) -> int | None:
    """The step whose checkpoint was saved last; None for a training that was stopped before its first."""
    config = recipe.training_config
    if config.max_length > model.config.context:
        raise JobFailed(
            f"recipe: training_config.max_length is {config.max_length}; "
            f"{recipe.run.model_type} takes at most {model.config.context}"
        )
    keep = config.save_top_k if isinstance(config, StepsConfig) else 1
    saved = SavedSteps(opt_ml, keep=keep, run_name=recipe.run.name)
    if isinstance(config, StepsConfig):
        fine_tune(model, config, opt_ml, SEED, save=saved.save, is_stopped=_sigterm().is_set)
    elif config.model.dpo_cfg is not None:
        prefer(model, config, config.model.dpo_cfg, opt_ml, SEED, save=saved.save)
    else:
        fine_tune(model, config, opt_ml, SEED, save=saved.save)
    return saved.last


def _sigterm() -> threading.Event:
    """Set by SIGTERM, which from now on ends nothing by itself."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: asked.set())
    return asked


def _model(hyperparameters: Mapping[str, str], environment: Mapping[str, str]) -> Checkpoint:
    """What the job starts from: a base model by name, or the checkpoint that the service brought."""
    named = [name for name in ("base_model", "base_model_location") if name in hyperparameters]
    if len(named) != 1:
        raise JobFailed(
            f"exactly one of the hyperparameters base_model and base_model_location must be set, got {named}"
        )
    if named == ["base_model_location"]:
        folder = Path(environment["ATELIER_CHECKPOINT"])
    else:
        folder = _base_model(hyperparameters["base_model"], Path(environment["ATELIER_BASE_MODELS"]))
    try:
        return Checkpoint.load(folder)
    except UnreadableCheckpoint as error:
        raise JobFailed(f"{named[0]} {hyperparameters[named[0]]!r}: {error}") from error


def _base_model(path: str, folder: Path) -> Path:
    """The folder of a base model path such as atelier-tiny/prod."""
    known = {f"{model.name}/prod": model for model in folder.iterdir() if model.is_dir()}
    if path not in known:
        raise JobFailed(f"hyperparameter base_model must be one of {sorted(known)}, got {path!r}")
    return known[path]


if __name__ == "__main__":
    sys.exit(main())
