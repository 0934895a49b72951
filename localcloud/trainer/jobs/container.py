"""A training job's process: `python -m localcloud.trainer.jobs.container`.

Reads the job's folder as a SageMaker container does (SM_ML_ROOT stands for /opt/ml), runs the recipe it finds
there, and leaves weights, manifest or evaluation results behind. What goes wrong is one message in
output/failure and exit code 1. SIGTERM ends a training that saves checkpoints on its way after its current
step, with a manifest that names the last one saved; it ends anything else at once.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.trainer.jobs.evaluation import evaluate
from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.jobs.models import base_model, load_model
from localcloud.trainer.jobs.nova_training import prepare, saved_steps
from localcloud.trainer.jobs.opt_ml import OptMl
from localcloud.trainer.jobs.recipe import (
    EvaluationRecipe,
    OpenEvaluationRecipe,
    StepsRecipe,
    TrainingRecipe,
    read_recipe,
)
from localcloud.trainer.jobs.training_loop import Stopped, TrainingLoop, never
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.ranks import StopSignal
from localcloud.trainer.model.training import SINGLE_PROCESS

log = logging.getLogger(__name__)


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
    model = _model(hyperparameters, environment, opt_ml)
    if isinstance(recipe, OpenEvaluationRecipe):
        evaluate(model, recipe.request, opt_ml, opt_ml.results_path(recipe.output.eval_results_dir))
        return
    if isinstance(recipe, EvaluationRecipe):
        evaluate(model, recipe.request, opt_ml, opt_ml.output_data / recipe.run.name / "eval_results")
        return
    last = _train(model, recipe, opt_ml)
    if last is not None:
        opt_ml.write_manifest(environment["ATELIER_ESCROW_URI"], last)


def _train(model: Checkpoint, recipe: TrainingRecipe | StepsRecipe, opt_ml: OptMl) -> int | None:
    """The step whose checkpoint was saved last; None for a training that was stopped before its first."""
    training = prepare(model, recipe, opt_ml)
    saved = saved_steps(recipe, opt_ml)
    is_stopped = StopSignal(SINGLE_PROCESS).is_set if isinstance(recipe, StepsRecipe) else never
    try:
        training(TrainingLoop(save=saved.save, is_stopped=is_stopped))
    except Stopped as stopped:
        log.info("%s", stopped)
    return saved.last


def _model(hyperparameters: Mapping[str, str], environment: Mapping[str, str], opt_ml: OptMl) -> Checkpoint:
    """What the job starts from: open weights in a channel, a base model by name, or the checkpoint that the
    service brought."""
    named = [name for name in ("base_model", "base_model_location") if name in hyperparameters]
    if not named and opt_ml.model_channel.is_dir():
        return load_model(opt_ml.model_channel, "input channel 'model'")
    if len(named) != 1:
        raise JobFailed(
            f"exactly one of the hyperparameters base_model and base_model_location must be set, got {named}"
        )
    if named == ["base_model_location"]:
        folder = Path(environment["ATELIER_CHECKPOINT"])
    else:
        models = Path(environment["ATELIER_BASE_MODELS"])
        folder = base_model(hyperparameters["base_model"], models, "hyperparameter base_model")
    return load_model(folder, f"{named[0]} {hyperparameters[named[0]]!r}")


if __name__ == "__main__":
    sys.exit(main())
