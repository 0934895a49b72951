"""The recipe that a job received: exactly the keys of the Nova 1.0 SFT, DPO and evaluation recipes, of the
Nova 2 SFT recipe, which counts steps and saves checkpoints on the way, and of the evaluation of open weights.

A key that is not listed here is refused: a container that ignored it would train something other than what
was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from localcloud.trainer.jobs.failures import JobFailed

Rate = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]
RunName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Run(_Section):
    name: RunName
    model_type: str
    model_name_or_path: str
    replicas: Positive = 1
    data_s3_path: str = ""
    validation_data_s3_path: str = ""
    output_s3_path: str = ""
    mlflow_tracking_uri: str = ""
    mlflow_experiment_name: str = ""
    mlflow_run_name: str = ""


class Schedule(_Section):
    warmup_steps: NotNegative = 0
    constant_steps: NotNegative = 0
    min_lr: Rate = 0.0


class Optimizer(_Section):
    lr: Annotated[float, Field(gt=0, le=1)]
    name: Literal["distributed_fused_adam"] = "distributed_fused_adam"
    adam_w_mode: bool = True
    eps: Annotated[float, Field(gt=0)] = 1e-8
    weight_decay: Rate = 0.0
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    sched: Schedule = Schedule()


class LoraTuning(_Section):
    alpha: Positive = 64
    adapter_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    loraplus_lr_ratio: Annotated[float, Field(ge=0, le=100)] = 1.0


class Peft(_Section):
    peft_scheme: Literal["lora"] | None = None
    lora_tuning: LoraTuning = LoraTuning()


class DpoSettings(_Section):
    beta: Annotated[float, Field(gt=0, le=1)] = 0.1


class TrainedModel(_Section):
    hidden_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    attention_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    ffn_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    optim: Optimizer
    dpo_cfg: DpoSettings | None = None
    peft: Peft = Peft()


class Trainer(_Section):
    max_epochs: Positive


class TrainingConfig(_Section):
    max_length: Positive
    global_batch_size: Positive
    trainer: Trainer
    model: TrainedModel


class TrainingRecipe(_Section):
    run: Run
    training_config: TrainingConfig


class StepsRun(Run):
    validation_data_s3_path_list: dict[str, str] = {}


class StepsSchedule(_Section):
    warmup_steps: NotNegative = 0
    min_lr: Rate = 0.0


class StepsOptimizer(_Section):
    lr: Annotated[float, Field(gt=0, le=1)]
    weight_decay: Rate = 0.0
    adam_beta1: Rate = 0.9
    adam_beta2: Rate = 0.95


class StepsLoraTuning(_Section):
    alpha: Positive = 64
    lora_plus_lr_ratio: Annotated[float, Field(ge=0, le=100)] = 1.0


class StepsPeft(_Section):
    peft_scheme: Literal["lora", "null"]
    lora_tuning: StepsLoraTuning = StepsLoraTuning()


class Merging(_Section):
    """How much of the trained model the result is; merging it with the model before is not built here."""

    fine_tuned_model: Annotated[float, Field(ge=1, le=1)] = 1.0


class StepsConfig(_Section):
    max_steps: Positive
    save_steps: Positive
    save_top_k: Positive = 5
    max_length: Positive
    global_batch_size: Positive
    reasoning_enabled: Literal[False] = False
    val_check_interval: Positive = 2500
    limit_val_batches: NotNegative = 2
    lr_scheduler: StepsSchedule = StepsSchedule()
    optim_config: StepsOptimizer
    peft: StepsPeft
    model_importance_score: Merging = Merging()

    @property
    def model(self) -> TrainedModel:
        """What is trained and how, in the words of Nova 1.0."""
        optim, tuning = self.optim_config, self.peft.lora_tuning
        return TrainedModel(
            optim=Optimizer(
                lr=optim.lr,
                weight_decay=optim.weight_decay,
                betas=(optim.adam_beta1, optim.adam_beta2),
                sched=Schedule(warmup_steps=self.lr_scheduler.warmup_steps, min_lr=self.lr_scheduler.min_lr),
            ),
            peft=Peft(
                peft_scheme="lora" if self.peft.peft_scheme == "lora" else None,
                lora_tuning=LoraTuning(alpha=tuning.alpha, loraplus_lr_ratio=tuning.lora_plus_lr_ratio),
            ),
        )


class StepsRecipe(_Section):
    run: StepsRun
    training_config: StepsConfig


class Evaluation(_Section):
    task: Literal["gen_qa"]
    strategy: Literal["gen_qa"] = "gen_qa"
    metric: Literal["all"] = "all"
    subtask: Literal[""] = ""


class Inference(_Section):
    max_new_tokens: Positive = 8196
    top_k: Annotated[int, Field(ge=-1)] = -1
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    temperature: Annotated[float, Field(ge=0)] = 0.0
    top_logprobs: Literal[0] = 0


class Switch(_Section):
    enabled: bool


class Processor(_Section):
    """Custom metrics by a Lambda of the customer's; a job that reaches no AWS service cannot call one."""

    lambda_arn: Literal[""] = ""
    lambda_type: Literal["rft", "custom_metrics"] = "rft"
    preset_reward_function: Literal[""] = ""
    preprocessing: Switch = Switch(enabled=False)
    postprocessing: Switch = Switch(enabled=False)
    aggregation: Literal["min", "max", "average", "sum"] = "average"


@dataclass(frozen=True)
class EvaluationRequest:
    """What an evaluation is to do, whichever form its recipe has. `model` is what its results call it."""

    task: str
    strategy: str
    model: str
    inference: Inference


class EvaluationRecipe(_Section):
    run: Run
    evaluation: Evaluation
    inference: Inference = Inference()
    processor: Processor = Processor()

    @property
    def request(self) -> EvaluationRequest:
        return EvaluationRequest(
            self.evaluation.task, self.evaluation.strategy, self.run.model_name_or_path, self.inference
        )


class OpenRun(_Section):
    """Of an evaluation of open weights, which the container finds as files."""

    name: RunName
    base_model_name: str
    model_name_or_path: str
    data_s3_path: str = ""
    replicas: Literal[1] = 1


class OpenInference(Inference):
    """The model's own context bounds it below any `max_model_len` that the catalogue allows."""

    max_model_len: Positive


class OpenOutput(_Section):
    eval_results_dir: str
    eval_tensorboard_results_dir: str = ""
    kms_key_id: str = ""
    mlflow_experiment_name: str = ""
    mlflow_run_id: str = ""
    mlflow_run_name: str = ""
    mlflow_tracking_uri: str = ""


class OpenProcessor(_Section):
    lambda_arn: Literal[""] = ""
    preset_reward_function: Literal[""] = ""
    postprocessing: Switch = Switch(enabled=False)
    aggregation: Literal["", "min", "max", "average", "median", "sum"] = ""


class OpenEvaluationRecipe(_Section):
    """AWS's evaluation of open weights (open_source_deterministic_eval.yaml)."""

    run: OpenRun
    evaluation: Evaluation
    inference: OpenInference
    output: OpenOutput
    processor: OpenProcessor = OpenProcessor()

    @property
    def request(self) -> EvaluationRequest:
        return EvaluationRequest(
            self.evaluation.task, self.evaluation.strategy, self.run.base_model_name, self.inference
        )


Recipe = TrainingRecipe | StepsRecipe | EvaluationRecipe | OpenEvaluationRecipe


def read_recipe(path: Path) -> Recipe:
    """The recipe at `path`; JobFailed names the first key that is wrong, its value and what would be
    accepted."""
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise JobFailed(f"the recipe cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise JobFailed("the recipe must be a mapping with 'run' and 'training_config' or 'evaluation'")
    try:
        return _kind_of(content).model_validate(content)
    except ValidationError as error:
        raise JobFailed(first_problem(error)) from error


def _kind_of(content: dict[str, Any]) -> type[Recipe]:
    if "evaluation" in content:
        return OpenEvaluationRecipe if "output" in content else EvaluationRecipe
    config = content.get("training_config")
    return StepsRecipe if isinstance(config, dict) and "max_steps" in config else TrainingRecipe


def first_problem(error: ValidationError) -> str:
    """Of a recipe that is refused: the key, its value and what would be accepted."""
    problem = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"recipe: unknown key {key!r}"
    if problem["type"] == "missing":
        return f"recipe: key {key!r} is missing"
    return f"recipe: {key} is {problem['input']!r}; {problem['msg']}"
