"""One rank of an open-weight fine-tuning job.

Run as `python -m localcloud.trainer.jobs.llmft --config-path DIR --config-name FILE`, the way AWS's launcher
starts llmft's own `train_hp`.

Reads the recipe's files, trains with the other ranks, and leaves the model in the recipe's training_dir. Its
snapshots lie beside that folder, so that what is in it is the model; a job that is started again goes on from
the last. A failure is one message on stderr and exit code 1. SIGTERM ends the training after its current
step, with a snapshot and the exit code of a process that the signal ended.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import math
import os
import shutil
from pathlib import Path

import numpy as np

from localcloud.trainer.jobs.adaptation import Adaptation
from localcloud.trainer.jobs.datasets import read_chats
from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.jobs.llmft_recipe import Datasets, LlmftRecipe, TrainingArgs, read_llmft_recipe
from localcloud.trainer.jobs.models import load_model
from localcloud.trainer.jobs.nova_training import check_batch
from localcloud.trainer.jobs.rank_process import run_rank
from localcloud.trainer.jobs.resume import ResumePoint
from localcloud.trainer.jobs.sft import Schedule, fine_tune
from localcloud.trainer.jobs.training_loop import IsStopped, TrainingLoop
from localcloud.trainer.model.chat import Encoded
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.optimizer import OptimizerSettings
from localcloud.trainer.model.ranks import Ranks, StopSignal
from localcloud.trainer.model.transformer import Dropout

log = logging.getLogger(__name__)
MODEL_FILES = ("config.json", "model.safetensors", "tokenizer.json")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config-path", type=Path, required=True)
    parser.add_argument("--config-name", required=True)
    arguments = parser.parse_args()
    run_rank(lambda ranks: run(arguments.config_path / arguments.config_name, ranks), os.environ)


def run(path: Path, ranks: Ranks, is_stopped: IsStopped | None = None) -> None:
    """Read and check everything, which every rank does alike; then train together, until SIGTERM or the end.

    `is_stopped` in its place says after which step to stop.
    """
    recipe = read_llmft_recipe(path)
    args = recipe.training_config.training_args
    folder = Path(recipe.training_config.llm.model_name_or_path)
    model = load_model(folder, "recipe: training_config.model_config.model_name_or_path")
    _check(recipe, model, ranks)
    rows, held_out = _rows(recipe.training_config.datasets, model, args)
    output = Path(args.training_dir)
    resume = None
    if args.load_checkpoint:
        inputs = [path, *(folder / name for name in MODEL_FILES), *_data_files(recipe)]
        resume = ResumePoint.of(output.parent / f".{output.name}.state" / "last.safetensors", inputs)
    ranks.join()
    schedule = _schedule(args, len(rows))
    loop = TrainingLoop(
        save=Model(output, ranks, merges=args.merge_weights).save,
        seed=args.seed,
        ranks=ranks,
        is_stopped=is_stopped or StopSignal(ranks).is_set,
        resume=resume,
    )
    fine_tune(_adaptation(model, recipe), rows, held_out, schedule, _settings(args, schedule.steps), loop)
    log.info("the model is in %s", output)


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    """The folder that gets the model: the last one saved, whole at any time."""

    folder: Path
    ranks: Ranks
    merges: bool

    def save(self, step: int, checkpoint: Checkpoint, loss: float | None) -> None:
        """Replace what is there. With `merges` adapters become part of the weights."""
        if not self.ranks.is_first:
            return
        if self.merges:
            checkpoint = dataclasses.replace(checkpoint, parameters=checkpoint.merged(), adapter=None)
        partial = self.folder.parent / f".{self.folder.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        checkpoint.save(partial, step=step, validation_loss=loss)
        shutil.rmtree(self.folder, ignore_errors=True)
        partial.rename(self.folder)


def _check(recipe: LlmftRecipe, model: Checkpoint, ranks: Ranks) -> None:
    args = recipe.training_config.training_args
    if recipe.trainer.num_nodes != ranks.size:
        raise JobFailed(f"recipe: trainer.num_nodes is {recipe.trainer.num_nodes}; this job has {ranks.size}")
    if args.max_len > model.config.context:
        raise JobFailed(
            f"recipe: training_config.training_args.max_len is {args.max_len}; "
            f"the model takes at most {model.config.context}"
        )
    check_batch("training_config.training_args.train_batch_size", args.train_batch_size, ranks)


def _data_files(recipe: LlmftRecipe) -> list[Path]:
    datasets = recipe.training_config.datasets
    return [Path(data.file_path) for data in (datasets.train_data, datasets.val_data) if data.file_path]


def _rows(datasets: Datasets, model: Checkpoint, args: TrainingArgs) -> tuple[list[Encoded], list[Encoded]]:
    """(rows to train on, rows to measure on)."""
    rows = read_chats(Path(datasets.train_data.file_path), model.tokenizer, args.max_len)
    if datasets.val_data.file_path:
        return rows, read_chats(Path(datasets.val_data.file_path), model.tokenizer, args.max_len)
    order = np.random.default_rng(datasets.train_val_split_seed).permutation(len(rows)).tolist()
    kept = max(1, round(datasets.train_val_split_ratio * len(rows)))
    return [rows[index] for index in order[:kept]], [rows[index] for index in order[kept:]]


def _schedule(args: TrainingArgs, rows: int) -> Schedule:
    per_epoch = math.ceil(rows / args.train_batch_size)
    steps = per_epoch * args.max_epochs
    return Schedule(
        batch=args.train_batch_size,
        steps=steps,
        measure_every=args.eval_steps if args.eval_steps > 0 else per_epoch,
        save_every=args.save_steps if args.save_steps > 0 else steps,
        log_every=args.logging_steps,
    )


def _adaptation(model: Checkpoint, recipe: LlmftRecipe) -> Adaptation:
    peft = recipe.training_config.llm.peft_config
    if peft is None:
        return Adaptation.full(model, Dropout())
    return Adaptation.low_rank(
        model,
        Dropout(adapter=peft.lora_dropout),
        alpha=peft.lora_alpha,
        rank=peft.r,
        seed=recipe.training_config.training_args.seed,
    )


def _settings(args: TrainingArgs, steps: int) -> OptimizerSettings:
    return OptimizerSettings(
        learning_rate=args.learning_rate,
        min_learning_rate=args.learning_rate if args.lr_scheduler == "constant" else 0.0,
        warmup_steps=math.ceil(args.lr_warmup_ratio * steps),
        betas=args.adam_betas,
        weight_decay=args.weight_decay,
        largest_norm=args.gradient_clipping_threshold if args.gradient_clipping else None,
    )


if __name__ == "__main__":
    main()
