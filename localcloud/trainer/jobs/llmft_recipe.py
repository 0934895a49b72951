"""A recipe in the form of AWS's llmft, as far as atelier-tiny-open can do what it says.

Keys that only say how large models fit on GPUs, or how a framework is driven, are read past: their values
change nothing here. Of those that decide what is trained, a value that is not obeyed is refused by its key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.jobs.recipe import NotNegative, Positive, Rate, first_problem


class _Section(BaseModel):
    """Some of a block's keys; what is not listed is read past."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Run(_Section):
    name: str
    model_type: Literal["llm_finetuning_aws"]


class Nodes(_Section):
    num_nodes: Positive


class Dataset(_Section):
    file_path: str = ""
    limit: None = None


class Datasets(_Section):
    """Without a validation file, `train_val_split_ratio` of the rows are trained on, the rest measured."""

    train_data: Dataset
    val_data: Dataset = Dataset()
    train_val_split_ratio: Rate = 0.9
    train_val_split_seed: int = 42


class PeftConfig(_Section):
    peft_type: Literal["lora"]
    r: Positive
    lora_alpha: Positive
    lora_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    target_modules: Literal["all-linear"] = "all-linear"
    exclude_modules: None = None
    bias: Literal["none"] = "none"
    use_dora: Literal[False] = False


class ModelConfig(_Section):
    model_name_or_path: str
    peft_config: PeftConfig | None = None
    lora_checkpoint_file_path: None = None
    multimodal: Literal[False] = False


class TrainingArgs(_Section):
    """`save_steps` and `eval_steps` below 1 mean: at the end, and after every epoch."""

    trainer_type: Literal["sft"] = "sft"
    train_batch_size: Positive
    max_epochs: Positive
    max_len: Positive
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    lr_scheduler: Literal["cosine", "constant"] = "cosine"
    lr_warmup_ratio: Rate = 0.0
    adam_betas: tuple[Rate, Rate] = (0.9, 0.95)
    weight_decay: Rate = 0.0
    l2: Annotated[float, Field(ge=0, le=0)] = 0.0
    gradient_clipping: bool = True
    gradient_clipping_threshold: Annotated[float, Field(ge=0)] = 1.0
    seed: NotNegative = 42
    logging_steps: Positive = 1
    eval_steps: int = 0
    save_steps: int = 0
    load_checkpoint: bool = True
    resume_checkpoint_path: Literal[""] = ""
    merge_weights: bool = True
    pretrain_mode: Literal[False] = False
    training_dir: str


class TrainingConfig(_Section):
    datasets: Datasets
    llm: Annotated[ModelConfig, Field(alias="model_config")]
    training_args: TrainingArgs


class LlmftRecipe(_Section):
    run: Run
    trainer: Nodes
    training_config: TrainingConfig


def read_llmft_recipe(path: Path) -> LlmftRecipe:
    """The recipe at `path`; JobFailed names the first key that is wrong and what would be accepted."""
    try:
        content: Any = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise JobFailed(f"the recipe cannot be read: {error}") from error
    try:
        return LlmftRecipe.model_validate(content)
    except ValidationError as error:
        raise JobFailed(first_problem(error)) from error
