"""The types of the run file, which is the public interface of the pipeline.

They check only the form. The catalogue defines what a base model, a recipe or a platform allows.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from atelier import names
from atelier.registry import PLATFORMS, TARGETS
from atelier.runs.one_of import OneOf

SERVING = "serving"
AUTO = "auto"
CONDITIONS = ("at_least", "better_than_baseline_by", "worse_than_baseline_by_at_most")

RUN_NAME_FORM = rf"^{names.RUN_NAME_PATTERN}$"
RUN_REFERENCE_FORM = rf"^({SERVING}|{names.RUN_ID_PATTERN})$"
RECIPE_FORM = rf"^(shipped|hub|{names.HUB_RECIPE_ADDRESS.pattern})$"
# An S3 key becomes a path on a cluster and a value in a recipe, where `${…}` would be interpolated.
# So no part of a key may be empty, `.` or `..`, or contain `$`, `{` or `}`.
_FOLDER = r"([^\s/.${}]|\.[^\s/.${}]|\.\.[^\s/${}])[^\s/${}]*"
DATASET_FORM = rf"^s3://[a-z0-9][a-z0-9.-]{{1,61}}[a-z0-9](/{_FOLDER})*/[^\s/${{}}]+\.jsonl$"
INSTANCE_TYPE_FORM = r"^ml\.[a-z0-9-]+\.[a-z0-9]+$"
LAMBDA_FORM = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9_-]{1,64}(:[a-zA-Z0-9$_-]+)?$"
CLUSTER_FORM = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
DEPLOYMENT_NAME_FORM = r"^([0-9a-zA-Z][_-]?){1,63}$"


def _refuse_boolean(value: object) -> object:
    """Refuse booleans: YAML reads `yes` as True, which pydantic would accept as 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "must be a number")
    return value


def _techniques() -> tuple[str, ...]:
    from atelier.recipes.catalogue import release

    return release().techniques


def _tasks() -> tuple[str, ...]:
    from atelier.recipes.catalogue import tasks

    return tuple(task.name for task in tasks().values() if task.is_available)


_Number = BeforeValidator(_refuse_boolean)
_SHORTEST_NAME, _LONGEST_NAME = names.RUN_NAME_LENGTH
RunName = Annotated[
    str, StringConstraints(pattern=RUN_NAME_FORM, min_length=_SHORTEST_NAME, max_length=_LONGEST_NAME)
]
RunReference = Annotated[str, StringConstraints(pattern=RUN_REFERENCE_FORM)]
RecipeSource = Annotated[str, StringConstraints(pattern=RECIPE_FORM)]
DatasetUri = Annotated[str, StringConstraints(pattern=DATASET_FORM)]
InstanceType = Annotated[str, StringConstraints(pattern=INSTANCE_TYPE_FORM)]
ClusterName = Annotated[str, StringConstraints(pattern=CLUSTER_FORM)]
LambdaArn = Annotated[str, StringConstraints(pattern=LAMBDA_FORM)]
Percent = Annotated[float, Field(ge=0, le=100), _Number]
RuntimeHours = Annotated[
    float, Field(gt=0, le=672, description="at most 28 days, SageMaker's own limit"), _Number
]
Hyperparameter = bool | int | float | str | None
PlatformName = Annotated[str, OneOf(lambda: (*PLATFORMS, AUTO))]
TargetName = Annotated[str, OneOf(lambda: tuple(TARGETS))]
TechniqueName = Annotated[str, OneOf(_techniques)]
TaskName = Annotated[str, OneOf(_tasks)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DataMixing(_Frozen):
    """Nova's own data in a stage's training data.

    `customer` is the customer's share of the whole; `nova` has the shares of Nova's categories in the rest.
    """

    customer: Percent
    nova: dict[str, Percent] = {}


class EarlyStopping(_Frozen):
    """Stop the job when `patience` reports do not lower the metric by more than `min_delta`."""

    metric: Literal["validation_loss"] = "validation_loss"
    patience: Annotated[int, Field(ge=1), _Number]
    min_delta: Annotated[float, Field(ge=0), _Number] = 0.0


class Stage(_Frozen):
    """One training job of the run. Hyperparameters have the catalogue's names (`learning_rate` …).

    `train` is required, except after a distillation, which makes the stage's dataset. `recipe: hub` uses the
    recipe that was synced from SageMaker's public hub instead of the shipped recipe. `cluster` is the
    configured name of a cluster of the environment; it is required if several clusters can run the stage.
    """

    technique: TechniqueName
    adaptation: Literal["lora", "full"] = "lora"
    platform: PlatformName = "training-job"
    cluster: ClusterName | None = None
    recipe: RecipeSource = "shipped"
    train: DatasetUri | None = None
    validation: DatasetUri | None = None
    hyperparameters: dict[str, Hyperparameter] = {}
    instance_type: InstanceType | None = None
    replicas: Annotated[int, Field(ge=1)] | None = None
    data_mixing: DataMixing | None = None
    early_stopping: EarlyStopping | None = None
    reward_lambda_arn: LambdaArn | None = None
    teacher: Literal["nova-pro", "nova-premier"] | None = None
    max_runtime_hours: RuntimeHours = 24


class Evaluation(_Frozen):
    """One task, evaluated on the candidate and on the baseline. Benchmarks have their own dataset.

    `platform: auto` is the cluster of the last stage if the evaluation can run there, else training-job.
    """

    task: TaskName
    platform: PlatformName = "auto"
    cluster: ClusterName | None = None
    subtask: str | None = None
    dataset: DatasetUri | None = None
    reward_lambda_arn: LambdaArn | None = None
    inference: dict[str, Hyperparameter] = {}
    instance_type: InstanceType | None = None
    max_runtime_hours: RuntimeHours = 24


class GateRule(_Frozen):
    """One condition on one metric.

    With `confidence`, the condition must hold for the bound of the confidence interval, not for the mean.
    """

    metric: str
    at_least: Annotated[float, _Number] | None = None
    better_than_baseline_by: Annotated[float, Field(ge=0), _Number] | None = None
    worse_than_baseline_by_at_most: Annotated[float, Field(ge=0), _Number] | None = None
    confidence: Annotated[float, Field(gt=0.5, lt=1), _Number] | None = None

    def conditions(self) -> dict[str, float]:
        """The conditions that are set, by name; a rule of a checked run has exactly one."""
        values = {name: getattr(self, name) for name in CONDITIONS}
        return {name: value for name, value in values.items() if value is not None}


class Canary(_Frozen):
    """The scenarios that the smoke test sends to the candidate deployment."""

    scenarios: DatasetUri


class Deployment(_Frozen):
    """The deployment of a candidate that passes the gate. `name` stays the same when the model changes.

    Without a canary the smoke test sends built-in prompts.
    """

    target: TargetName
    name: Annotated[str, StringConstraints(pattern=DEPLOYMENT_NAME_FORM)]
    canary: Canary | None = None


class Run(_Frozen):
    """A run file: stages in order, then evaluation, gate, approval and deployment."""

    name: RunName
    base_model: str
    continue_from: RunReference | None = None
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=10)]
    evaluation: Annotated[tuple[Evaluation, ...], Field(max_length=10)] = ()
    gate: tuple[GateRule, ...] = ()
    approval: Literal["none", "required"] = "none"
    deployment: Deployment | None = None
