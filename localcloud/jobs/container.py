"""A training job's process: `python -m localcloud.jobs.container`.

Reads the job's folder as a SageMaker container does (SM_ML_ROOT stands for /opt/ml), runs the recipe it finds
there, and leaves weights, manifest or evaluation results behind. What goes wrong is one message in
output/failure and exit code 1; SIGTERM ends it at once, since nothing it has half-written is read before it
exits with 0.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.jobs.dpo import prefer
from localcloud.jobs.evaluation import evaluate
from localcloud.jobs.failures import JobFailed
from localcloud.jobs.opt_ml import OptMl
from localcloud.jobs.recipe import TrainingRecipe, read_recipe
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
    if not isinstance(recipe, TrainingRecipe):
        evaluate(model, recipe, opt_ml, SEED)
        return
    trained, steps = _train(model, recipe, opt_ml)
    trained.save(opt_ml.escrow_step(steps), trained_by=recipe.run.name)
    opt_ml.write_manifest(environment["ATELIER_ESCROW_URI"], steps)


def _train(model: Checkpoint, recipe: TrainingRecipe, opt_ml: OptMl) -> tuple[Checkpoint, int]:
    config = recipe.training_config
    if config.max_length > model.config.context:
        raise JobFailed(
            f"recipe: training_config.max_length is {config.max_length}; "
            f"{recipe.run.model_type} takes at most {model.config.context}"
        )
    if config.model.dpo_cfg is not None:
        return prefer(model, config, config.model.dpo_cfg, opt_ml, SEED)
    return fine_tune(model, config, opt_ml, SEED)


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
