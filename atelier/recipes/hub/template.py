"""Read a recipe template of SageMakerPublicHub as the keys of a recipe.

A template is the recipe's YAML with `{{placeholder}}` where a value may be set, quoted or not; an override
spec gives each placeholder a type, a default and limits. For HyperPod it is a rendered Helm chart, whose
ConfigMap `training-config.yaml` holds the recipe as text. Source: aws/sagemaker-hyperpod-recipes
launcher/recipe_templatization and the launch.json of its tests; aws/sagemaker-python-sdk finetune_utils.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

import yaml

from atelier.recipes.bounds import Bounds
from atelier.recipes.rows import Fill, Key

Spec = Mapping[str, Mapping[str, Any]]

_TYPES: Mapping[str, Literal["int", "float", "bool", "str"]] = {
    "integer": "int",
    "int": "int",
    "float": "float",
    "number": "float",
    "string": "str",
    "boolean": "bool",
}
# Keys that a job always fills in. Published defaults are AWS's examples and are ignored.
_FILLED_AT: Mapping[str, Fill] = {
    "run.name": "job_name",
    "run.model_name_or_path": "model",
    "run.replicas": "replicas",
    "run.mlflow_experiment_name": "job_name",
    "run.mlflow_run_name": "job_name",
    "trainer.num_nodes": "replicas",
    "training_config.trainer.nnodes": "replicas",
}
_FILLED_BY: Mapping[str, Fill] = {
    "name": "job_name",
    "model_name_or_path": "model",
    "replicas": "replicas",
    "data_s3_path": "data_s3_path",
    "output_s3_path": "output_s3_path",
    "data_path": "train_file",
    "validation_data_path": "validation_file",
    "output_path": "output_dir",
    "results_directory": "output_dir",
    "reward_lambda_arn": "reward_lambda_arn",
}
_PLACEHOLDER = re.compile(r"\{\{\s*(?P<name>\w+)\s*\}\}")
_UNQUOTED = re.compile(r"^(?P<before>[^#'\"\n]*:\s+)(?P<value>\{\{\s*\w+\s*\}\})\s*$", re.MULTILINE)
_CONFIG_MAP = re.compile(
    r"^# Source: \S*/training-config[^\s/]*\.yaml\n(?P<body>.*?)(?=^---|^# Source: |\Z)",
    re.MULTILINE | re.DOTALL,
)
_CONFIG = re.compile(
    r"^(?P<indent> +)config\.yaml: \|-?\n(?P<recipe>(?:(?P=indent) +.*\n|\s*\n)+)", re.MULTILINE
)


class UnreadableTemplate(Exception):
    """A template in an unknown form; the message names the part."""


class _Loader(yaml.SafeLoader):
    """A YAML loader that reads `5e-06` as a number, like YAML 1.2.

    So does OmegaConf in AWS's containers. The loader refuses aliases: AWS's templates have
    none, and nested aliases can exhaust the memory.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has aliases")
        return super().compose_node(parent, index)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def keys_of(template: str, spec: Spec, *, is_helm: bool) -> tuple[Key, ...]:
    """The recipe's keys in the template's order. UnreadableTemplate when it has another form."""
    text = _recipe_in_chart(template) if is_helm else template
    if "{%" in text:
        raise UnreadableTemplate("it has template statements ({% … %})")
    try:
        document = yaml.load(_UNQUOTED.sub(r"\g<before>'\g<value>'", text), Loader=_Loader)  # noqa: S506
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise UnreadableTemplate(f"it is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict) or "run" not in document:
        raise UnreadableTemplate("it is not a recipe: no block `run`")
    if is_helm and isinstance(document.get("training_config"), dict):
        # A service of RFT reads this key; it is not part of the recipe.
        document["training_config"].pop("task_type", None)
    try:
        return tuple(_key(path, value, spec) for path, value in _leaves(document))
    except (ValueError, OverflowError, RecursionError) as error:
        raise UnreadableTemplate(f"its keys cannot be read: {' '.join(str(error).split())}") from error


def _recipe_in_chart(chart: str) -> str:
    texts = [
        textwrap.dedent(config["recipe"])
        for config_map in _CONFIG_MAP.finditer(chart)
        for config in _CONFIG.finditer(config_map["body"])
    ]
    if not texts:
        raise UnreadableTemplate("it has no `config.yaml: |-` below `# Source: …/training-config.yaml`")
    if len({_without_task_type(text) for text in texts}) > 1:
        raise UnreadableTemplate(f"it has {len(texts)} different recipes in its ConfigMaps; accepted: one")
    return texts[0]


def _without_task_type(text: str) -> str:
    return re.sub(r"^\s*task_type: .*\n", "", text, flags=re.MULTILINE)


def _leaves(block: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of each key; lists and mappings without placeholders count as values."""
    for name, value in block.items():
        if not isinstance(name, str) or "." in name:
            raise UnreadableTemplate(f"{prefix}: key {name!r} is not a name")
        path = f"{prefix}{name}"
        if isinstance(value, dict) and (_has_placeholder(value) or _is_filled_below(path)):
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def _is_filled_below(path: str) -> bool:
    return any(filled.startswith(f"{path}.") for filled in _FILLED_AT)


def _has_placeholder(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_placeholder, value.values()))
    if isinstance(value, list):
        return any(map(_has_placeholder, value))
    return isinstance(value, str) and "{{" in value


def _key(path: str, value: Any, spec: Spec) -> Key:
    if path in _FILLED_AT:
        return Key(path=path, filled_with=_FILLED_AT[path])
    if not _has_placeholder(value):
        return Key(path=path, default=value)
    match = _PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise UnreadableTemplate(f"{path} = {value!r}: accepted: one placeholder as the whole value")
    name = match["name"]
    if name in _FILLED_BY:
        return _filled(path, _FILLED_BY[name], spec.get(name))
    if not isinstance(spec.get(name), Mapping):
        raise UnreadableTemplate(f"{path}: placeholder {name!r} is not in the override spec")
    return _settable(path, name, spec[name])


def _filled(path: str, fill: Fill, entry: Any) -> Key:
    """A key with a placeholder. The default is the spec's or empty; a reward function has none."""
    if fill == "reward_lambda_arn":
        return Key(path=path, filled_with=fill)
    default = entry.get("default", "") if isinstance(entry, Mapping) else ""
    return Key(path=path, filled_with=fill, default=default)


def _settable(path: str, name: str, entry: Mapping[str, Any]) -> Key:
    kind = _TYPES.get(str(entry.get("type", "")).lower())
    if kind is None:
        raise UnreadableTemplate(f"{name}: type {entry.get('type')!r} is not one of {', '.join(_TYPES)}")
    default = entry.get("default")
    if kind == "float" and isinstance(default, int | str) and not isinstance(default, bool) and default != "":
        default = float(default)
    choices = entry.get("enum") or ()
    if not isinstance(choices, list | tuple):
        raise UnreadableTemplate(f"{name}: enum {choices!r} is not a list")
    bounds = Bounds(
        choices=tuple(choices),
        minimum=entry.get("min") if kind in ("int", "float") else None,
        maximum=entry.get("max") if kind in ("int", "float") else None,
    )
    return Key(path=path, name=name, type=kind, default=cast("Any", default), bounds=bounds)
