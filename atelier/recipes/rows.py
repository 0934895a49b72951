"""The types of the catalogue's rows; each row states its source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from atelier.recipes.bounds import Bounds, Dispute, Value
from atelier.recipes.frozen import Frozen

Fill = Literal[
    "job_name",
    "model_type",
    "model",
    "replicas",
    "data_s3_path",
    "validation_data_s3_path",
    "output_s3_path",
    "train_file",
    "train_folder",
    "validation_file",
    "hub_name",
    "output_dir",
    "reward_lambda_arn",
    "customer_bucket",
    "kms_key",
    "task",
    "strategy",
    "metric",
    "subtask",
]

Reward = Literal["verifiable", "judge"]

SHIPPED = "shipped"
EMBEDDED = "local"


class OnTarget(Frozen):
    """The adaptations and regions in which a target serves a model.

    No `regions` means every region in which the model is trained. Only some of AWS's sources list
    `disputed_regions`.
    """

    adaptations: tuple[str, ...]
    regions: tuple[str, ...] = ()
    disputed_regions: tuple[str, ...] = ()
    note: str | None = None


class BaseModelRow(Frozen):
    """A base model. `model` is its name in recipes; no `environments` means all in an AWS account.

    `hub_name` is its name in SageMakerPublicHub, if AWS publishes it there. For a model that is not
    customizable, `instead` describes it and names an alternative.
    Requests to a model fail after its `end_of_life`; `successor` is what to use then.
    """

    name: str
    family: str
    model_type: str = ""
    model: str = ""
    environments: tuple[str, ...] = ()
    customizable: bool = True
    instead: str | None = None
    hub_name: str | None = None
    end_of_life: date | None = None
    successor: str | None = None
    deployments: Mapping[str, OnTarget] = {}
    source: str

    def is_available_in(self, environment: str) -> bool:
        """True when the environment can customize the model.

        The embedded environment has only models that name it in `environments`.
        """
        if not self.environments:
            return self.customizable and environment != EMBEDDED
        return self.customizable and environment in self.environments


class Key(Frozen):
    """One key of a recipe document, at a dotted path. A run file can set a key that has a `name`.

    The value is the first that exists of: the placeholder `filled_with`, the run file's value, the row's
    value (`defaults` by name, `document` by path), the value of the key `same_as` (by name), `default`.
    An `optional` key is only in the recipes of rows that set it.
    """

    path: str
    name: str | None = None
    type: Literal["int", "float", "bool", "str"] | None = None
    adaptation: str | None = None
    default: Value = None
    flat_name: str | None = None
    filled_with: Fill | None = None
    same_as: str | None = None
    as_text: bool = False
    optional: bool = False
    bounds: Bounds = Bounds()
    disputed: Dispute | None = None

    @property
    def is_nullable(self) -> bool:
        """True when a run file may set it to null."""
        choices = self.bounds.choices
        return None in choices if choices else self.has_default and self.default is None

    @property
    def has_default(self) -> bool:
        """True when the template states a value; null may be one."""
        return "default" in self.model_fields_set


class Checkpoints(Frozen):
    """How a recipe saves checkpoints during training, as early stopping needs it.

    `saved_by` and `measured_by` name the hyperparameters with the number of steps between checkpoints and
    between measurements of the validation loss. Without `measured_by` the recipe measures no such loss.
    `loss_keys` are the names under which the job's log may report it (AWS documents none for Nova).
    `kept_at` is the path of the key with the number of checkpoints that are kept.
    """

    saved_by: str
    measured_by: str | None = None
    loss_keys: tuple[str, ...] = ()
    kept_at: str | None = None


class Template(Frozen):
    """The keys of one kind of recipe, in AWS's order.

    `dataset` is the format of a stage's training data. Without `checkpoints` only the finished model is
    saved. `not_rendered` says why this release cannot write the file; such a template has only settings.
    """

    name: str
    source: str
    dataset: str | None = None
    checkpoints: Checkpoints | None = None
    not_rendered: str | None = None
    keys: tuple[Key, ...]


class DisputedReplicas(Frozen):
    """Replica counts that only some of AWS's own sources allow."""

    values: tuple[int, ...]
    note: str


class OnPlatform(Frozen):
    """How a recipe runs on a platform. Instance types and replicas, if set, replace the row's.

    No `regions` means every region in which the image is published. `data_mixing`: the recipe can mix in
    Nova's own data.
    """

    image: str | None = None
    more_images: Mapping[str, str] = {}
    regions: tuple[str, ...] = ()
    instance_types: tuple[str, ...] | None = None
    replicas: tuple[int, ...] | None = None
    data_mixing: bool = False
    note: str | None = None


class RecipeRow(Frozen):
    """A recipe that trains or evaluates; its bounds and defaults, by name, override the template's.

    The first instance type and number of replicas are the defaults; both are empty where the platform
    chooses. `document` has values, by path, of keys without a name. `note` is a warning for users of the row.
    """

    name: str
    base_model: str
    adaptation: str | None = None
    platforms: Mapping[str, OnPlatform]
    template: str
    instance_types: tuple[str, ...] = ()
    replicas: tuple[int, ...] = ()
    disputed_replicas: DisputedReplicas | None = None
    defaults: Mapping[str, Value] = {}
    document: Mapping[str, Value] = {}
    bounds: Mapping[str, Bounds] = {}
    instance_bounds: Mapping[str, Mapping[str, Bounds]] = {}
    disputed: Mapping[str, Dispute] = {}
    note: str | None = None
    source: str
    origin: str = SHIPPED

    def keys_of(self, template: Template) -> tuple[Key, ...]:
        """The keys that the recipe has, in the template's order."""
        return tuple(
            key
            for key in template.keys
            if key.adaptation in (None, self.adaptation) and (not key.optional or key.path in self.document)
        )

    @property
    def base_models(self) -> tuple[str, ...]:
        """The base models whose runs can use the recipe."""
        return (self.base_model,)

    def replicas_on(self, platform: str) -> tuple[int, ...]:
        """The numbers of instances that the recipe may run on, the default first."""
        own = self.platforms[platform].replicas
        return self.replicas if own is None else own

    def accepted_replicas(self, platform: str) -> tuple[int, ...]:
        """Replica counts that at least one of AWS's sources allows."""
        return self.replicas_on(platform) + (self.disputed_replicas.values if self.disputed_replicas else ())

    def instance_types_on(self, platform: str) -> tuple[str, ...]:
        """The instance types that the recipe may run on, the default first."""
        own = self.platforms[platform].instance_types
        return self.instance_types if own is None else own

    def default_of(self, key: Key) -> Value:
        """The value of a key that no run file sets."""
        if key.name and key.name in self.defaults:
            return self.defaults[key.name]
        return self.document.get(key.path, key.default)

    def bounds_of(self, key: Key, instance_type: str | None) -> Bounds:
        """The bounds of a key on an instance type."""
        name = key.name or ""
        on_instance = self.instance_bounds.get(instance_type or "", {})
        return on_instance.get(name) or self.bounds.get(name, key.bounds)

    def dispute_of(self, key: Key) -> Dispute | None:
        """The narrower limits that only some of AWS's sources state."""
        return self.disputed.get(key.name or "", key.disputed)


class TrainingRow(RecipeRow):
    """A recipe that trains.

    The base model of a distillation recipe is the teacher; its `students` are the base models that use it,
    and it has no adaptation. `reward` is what scores the answers, if AWS has a recipe for each kind.
    """

    technique: str
    reward: Reward | None = None
    students: tuple[str, ...] = ()

    @property
    def base_models(self) -> tuple[str, ...]:
        """The base models whose runs can use the recipe as a stage."""
        return self.students or (self.base_model,)


class EvaluationRow(RecipeRow):
    """A recipe that evaluates a model on one of its tasks."""

    tasks: tuple[str, ...]
