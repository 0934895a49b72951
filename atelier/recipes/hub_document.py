"""What SageMakerPublicHub says of a model's recipes: `RecipeCollection` in its HubContentDocument.

Source: aws/sagemaker-hyperpod-recipes launcher/recipe_templatization (which writes these entries) and
aws/sagemaker-python-sdk finetune_utils (which reads them).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# What the hub calls a technique, and what a run file does. RLAIF and MTRL are techniques of open weights
# that a run file does not have.
_TECHNIQUES = {"SFT": "sft", "DPO": "dpo", "PPO": "ppo", "RLVR": "rft", "CPT": "cpt"}
_PLATFORMS = {
    "training-job": ("SmtjRecipeTemplateS3Uri", "SmtjOverrideParamsS3Uri"),
    "hyperpod-eks": ("HpEksPayloadTemplateS3Uri", "HpEksOverrideParamsS3Uri"),
}


@dataclass(frozen=True)
class Files:
    """Where a recipe's template and override spec lie, for one platform."""

    platform: str
    template_uri: str
    overrides_uri: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One recipe of a model. `needs_subscription`: only subscribers of Nova Forge can read its files."""

    name: str
    technique: str
    adaptation: str
    version: str
    instance_types: tuple[str, ...]
    instance_count: int | None
    image_uri: str | None
    needs_subscription: bool
    files: tuple[Files, ...]


@dataclass(frozen=True)
class Skipped:
    """An entry that cannot be used, and why."""

    name: str
    reason: str


def entries_of(document: str) -> Iterator[Entry | Skipped]:
    """The recipes in a HubContentDocument. ValueError when it is not a document of that form."""
    collection = json.loads(document).get("RecipeCollection", [])
    if not isinstance(collection, list) or not all(isinstance(entry, dict) for entry in collection):
        raise ValueError("RecipeCollection is not a list of recipes")
    return map(_entry, collection)


def _entry(entry: Mapping[str, Any]) -> Entry | Skipped:
    name = str(entry.get("Name") or entry.get("RecipeFilePath") or "(without a name)")
    if entry.get("Type") != "FineTuning":
        return Skipped(name, f"type {entry.get('Type')}: the shipped recipes evaluate")
    technique = _TECHNIQUES.get(str(entry.get("CustomizationTechnique", "")).upper())
    if technique is None:
        return Skipped(name, f"technique {entry.get('CustomizationTechnique')}: a run file has none such")
    files = tuple(
        Files(platform, entry[template], entry[overrides])
        for platform, (template, overrides) in _PLATFORMS.items()
        if entry.get(template) and entry.get(overrides)
    )
    if not files:
        return Skipped(name, "it names no template with an override spec")
    return Entry(
        name=name,
        technique=technique,
        adaptation="lora" if entry.get("Peft") else "full",
        version=str((entry.get("Versions") or ["?"])[-1]),
        instance_types=tuple(entry.get("SupportedInstanceTypes") or ()),
        instance_count=entry.get("InstanceCount"),
        image_uri=entry.get("SmtjImageUri"),
        needs_subscription=bool(entry.get("IsSubscriptionModel")),
        files=files,
    )
