"""Fill in the payload template of a job that AWS's hub publishes.

A payload is a rendered Helm chart with `{{placeholder}}` for values (aws/sagemaker-hyperpod-recipes,
launch.json of its tests). It is parsed before it is filled in, so values of a run file cannot change the
structure of the YAML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from atelier.errors import UnsupportedCombination
from atelier.platforms.eks.resources import JOB_KINDS, RENDERED, kind_of, plural_of
from atelier.recipes.document import dump

if TYPE_CHECKING:
    from atelier.recipes.hub.recipe import HubRecipe

_PLACEHOLDER = re.compile(r"\{\{\s*(?P<name>\w+)\s*\}\}")
# YAML reads an unquoted `{{x}}` as a mapping, so it is quoted here; placeholders in quotes or blocks stay.
_BARE = re.compile(r"^(?P<before>[^#'\"\n]*?(?::|-)\s+)(?P<value>[^\s'\"#{]*\{\{[^\n'\"]*)$", re.MULTILINE)
_CONFIG = "config.yaml"


def objects(
    hub: HubRecipe, *, document: Mapping[str, Any], values: Mapping[str, str | int]
) -> list[dict[str, Any]]:
    """The payload's objects, the training job first.

    `document` replaces the recipe in every ConfigMap; `values` has the values of the other placeholders.
    UnsupportedCombination names a placeholder without a value, or a kind that Atelier cannot create.
    """
    found = [_filled(read, hub, values) for read in _read(hub) if read]
    for manifest in found:
        plural_of(kind_of(manifest))
        if manifest["kind"] == "ConfigMap" and _CONFIG in manifest.get("data", {}):
            _configure(manifest, document)
        elif kind_of(manifest) in JOB_KINDS:
            _exclude_master(manifest)
    jobs = [manifest for manifest in found if kind_of(manifest) in JOB_KINDS]
    if not jobs:
        raise UnsupportedCombination(
            f"{hub.name}: its payload has no training job; accepted: PyTorchJob, HyperPodPyTorchJob"
        )
    return [jobs[0], *(manifest for manifest in found if manifest is not jobs[0])]


def needs_services(hub: HubRecipe) -> bool:
    """True if the payload has kinds of object that Atelier's own jobs do not need.

    UnsupportedCombination for a payload that cannot be parsed.
    """
    return any(kind_of(manifest) not in RENDERED for manifest in _read(hub) if manifest)


def _read(hub: HubRecipe) -> list[Any]:
    try:
        return list(yaml.safe_load_all(_BARE.sub(_quoted, hub.template)))
    except (yaml.YAMLError, RecursionError) as error:
        raise UnsupportedCombination(
            f"{hub.name}: its payload is not YAML: {' '.join(str(error).split())}"
        ) from error


def _quoted(match: re.Match[str]) -> str:
    value = match["value"].rstrip().replace("'", "''")
    return f"{match['before']}'{value}'"


def _filled(value: Any, hub: HubRecipe, values: Mapping[str, str | int]) -> Any:
    if isinstance(value, dict):
        # `_configure` replaces the recipe's text as a whole, so its placeholders need no value.
        return {
            _filled(key, hub, values): item if key == _CONFIG else _filled(item, hub, values)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_filled(item, hub, values) for item in value]
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole:
        return _value(whole, hub, values)
    return _PLACEHOLDER.sub(lambda match: str(_value(match, hub, values)), value)


def _value(match: re.Match[str], hub: HubRecipe, values: Mapping[str, str | int]) -> str | int:
    name = match["name"]
    if name not in values:
        raise UnsupportedCombination(
            f"{hub.name}: its payload has placeholder {name!r}; accepted: {', '.join(sorted(values))}"
        )
    return values[name]


def _configure(manifest: dict[str, Any], document: Mapping[str, Any]) -> None:
    """Replace the published recipe by the job's recipe, and keep the task type of each service."""
    task = re.search(r"^\s*task_type:\s*(?P<type>\w+)\s*$", manifest["data"][_CONFIG], re.MULTILINE)
    recipe = dict(document)
    if task:
        recipe["training_config"] = recipe["training_config"] | {"task_type": task["type"]}
    manifest["data"][_CONFIG] = dump(recipe)


def _exclude_master(job: dict[str, Any]) -> None:
    """Subtract the master from the workers: payloads count all replicas as workers."""
    specs = job["spec"].get("pytorchReplicaSpecs", {})
    if "Master" in specs and "Worker" in specs:
        workers = int(specs["Worker"]["replicas"]) - int(specs["Master"]["replicas"])
        specs["Worker"]["replicas"] = workers
        if workers <= 0:
            del specs["Worker"]
