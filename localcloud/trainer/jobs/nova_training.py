"""Train as a recipe of Nova's says, from a job's folder into it: alike in training jobs and in pods."""

from __future__ import annotations

import math
from collections.abc import Callable

from localcloud.trainer.jobs.adaptation import Adaptation, optimizer_settings
from localcloud.trainer.jobs.datasets import read_conversations, read_preferences
from localcloud.trainer.jobs.dpo import train_dpo
from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.jobs.opt_ml import OptMl
from localcloud.trainer.jobs.recipe import StepsConfig, StepsRecipe, TrainingConfig, TrainingRecipe
from localcloud.trainer.jobs.saved_steps import SavedSteps
from localcloud.trainer.jobs.sft import Schedule, fine_tune
from localcloud.trainer.jobs.training_loop import TrainingLoop
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.ranks import Ranks
from localcloud.trainer.model.training import SINGLE_PROCESS

Training = Callable[[TrainingLoop], None]
"""All that is left to do: it raises Stopped when the course says so."""


def prepare(
    model: Checkpoint, recipe: TrainingRecipe | StepsRecipe, opt_ml: OptMl, ranks: Ranks = SINGLE_PROCESS
) -> Training:
    """Read and check everything. JobFailed, in every rank alike, for what cannot be trained."""
    config = recipe.training_config
    if config.max_length > model.config.context:
        raise JobFailed(
            f"recipe: training_config.max_length is {config.max_length}; "
            f"{recipe.run.model_type} takes at most {model.config.context}"
        )
    if recipe.run.replicas != ranks.size:
        raise JobFailed(f"recipe: run.replicas is {recipe.run.replicas}; this job has {ranks.size}")
    check_batch("training_config.global_batch_size", config.global_batch_size, ranks)
    if isinstance(config, TrainingConfig) and config.model.dpo_cfg is not None:
        pairs = read_preferences(opt_ml.channel("train"), model.tokenizer, config.max_length)
        dpo = config.model.dpo_cfg
        return lambda loop: train_dpo(Adaptation.of(model, config.model, loop.seed), pairs, config, dpo, loop)
    rows = read_conversations(opt_ml.channel("train"), model.tokenizer, config.max_length)
    files = opt_ml.optional_channel("validation")
    held_out = read_conversations(files, model.tokenizer, config.max_length) if files else []
    return lambda loop: fine_tune(
        Adaptation.of(model, config.model, loop.seed),
        rows,
        held_out,
        _schedule(config, len(rows)),
        optimizer_settings(config.model),
        loop,
    )


def saved_steps(recipe: TrainingRecipe | StepsRecipe, opt_ml: OptMl) -> SavedSteps:
    """Where the training leaves its checkpoints, and how many of them."""
    config = recipe.training_config
    keep = config.save_top_k if isinstance(config, StepsConfig) else 1
    return SavedSteps(opt_ml, keep=keep, run_name=recipe.run.name)


def check_batch(key: str, rows: int, ranks: Ranks) -> None:
    """Every rank takes as many rows of a batch as any other."""
    if rows % ranks.size:
        raise JobFailed(f"recipe: {key} is {rows}; for {ranks.size} ranks it must be a multiple of that")


def _schedule(config: TrainingConfig | StepsConfig, rows: int) -> Schedule:
    """Nova 1.0 counts epochs, measures after each and saves the finished model; Nova 2 counts steps."""
    batch = config.global_batch_size
    if isinstance(config, StepsConfig):
        return Schedule(
            batch=batch,
            steps=config.max_steps,
            measure_every=config.val_check_interval,
            save_every=config.save_steps,
            measured_rows=config.limit_val_batches * batch,
        )
    per_epoch = math.ceil(rows / batch)
    steps = per_epoch * config.trainer.max_epochs
    return Schedule(batch=batch, steps=steps, measure_every=per_epoch, save_every=steps)
