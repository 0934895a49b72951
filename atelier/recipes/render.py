"""The recipe file, exactly as AWS's containers read it.

Traps between YAML 1.1 and 1.2: `1e-5` without a dot is a text to one and a number to the other, so numbers
are written `1.0e-05` and such texts in quotes; and `null` is nothing while `"null"` is the word by which
Nova 2 recipes switch LoRA off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from atelier.recipes import data_mixing
from atelier.recipes.resolve import Recipe
from atelier.recipes.rows import Key

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


_NUMBER = re.compile(r"[-+]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][-+]?\d+)?|0o[0-7]+|0x[0-9a-fA-F]+")


class _PlainDumper(_Dumper):  # type: ignore[misc, valid-type]
    """Without anchors: equal values in a recipe are equal by accident."""

    def ignore_aliases(self, _data: object) -> bool:
        return True

    def represent_text(self, text: str) -> Any:
        """In quotes where only YAML 1.2 reads a number."""
        return self.represent_scalar(
            "tag:yaml.org,2002:str", text, style="'" if _NUMBER.fullmatch(text) else None
        )


_PlainDumper.add_representer(str, _PlainDumper.represent_text)


def render(recipe: Recipe, *, job_name: str, model: str, inputs: Mapping[str, Any] | None = None) -> str:
    """The recipe as YAML.

    `model` is a base model path (`nova-micro/prod`) or a checkpoint (`s3://customer-escrow-…`); `given` is
    what else the recipe's keys are filled with (rows.Fill), such as the customer_bucket of a distillation.
    """
    return dump(document(recipe, job_name=job_name, model=model, inputs=inputs))


def document(
    recipe: Recipe, *, job_name: str, model: str, inputs: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The recipe as nested mappings, in the template's order."""
    filled = {
        "hub_name": recipe.base_model.hub_name or "",
        **recipe.inputs,
        **(inputs or {}),
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
        fill = key.filled_with
        block[leaf] = _filled(key, fill, recipe, filled) if fill else recipe.values[key.path]
    if recipe.data_mixing:
        root["data_mixing"] = data_mixing.block(recipe.data_mixing)
    return root


def _filled(key: Key, fill: str, recipe: Recipe, filled: Mapping[str, Any]) -> Any:
    if fill in filled:
        return filled[fill]
    if not key.has_default:
        raise ValueError(f"{recipe.row.name}: {key.path} must be given as {fill}")
    return recipe.row.default_of(key)


def dump(content: dict[str, Any]) -> str:
    """YAML that YAML 1.1 and 1.2 readers understand alike."""
    return str(
        yaml.dump(content, Dumper=_PlainDumper, sort_keys=False, default_flow_style=False, width=1 << 20)
    )
