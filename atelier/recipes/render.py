"""The recipe file, exactly as AWS's containers read it.

Two traps in YAML 1.1: `1e-5` without a dot is a string (PyYAML's dumper writes `1.0e-05`), and `null` is
nothing while `"null"` is the word by which Nova 2 recipes switch LoRA off.
"""

from __future__ import annotations

from typing import Any

import yaml

from atelier.recipes.resolve import Recipe

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _PlainDumper(_Dumper):  # type: ignore[misc, valid-type]
    """Without anchors: equal values in a recipe are equal by accident."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def render(recipe: Recipe, *, job_name: str, model: str) -> str:
    """The recipe as YAML. `model` is a base model path (`nova-micro/prod`) or a checkpoint (`s3://customer-escrow-…`)."""
    return dump(document(recipe, job_name=job_name, model=model))


def document(recipe: Recipe, *, job_name: str, model: str) -> dict[str, Any]:
    """The recipe as nested mappings, in the template's order."""
    filled = {
        "job_name": job_name,
        "model_type": recipe.base_model.model_type,
        "model": model,
        "replicas": recipe.replicas,
    }
    root: dict[str, Any] = {}
    for key in recipe.keys:
        *parents, leaf = key.path.split(".")
        block = root
        for parent in parents:
            block = block.setdefault(parent, {})
        block[leaf] = filled[key.filled_with] if key.filled_with else recipe.values[key.path]
    return root


def dump(content: dict[str, Any]) -> str:
    """YAML that YAML 1.1 and 1.2 readers understand alike."""
    return str(
        yaml.dump(content, Dumper=_PlainDumper, sort_keys=False, default_flow_style=False, width=1 << 20)
    )
