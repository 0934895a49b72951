"""A model's recipes in SageMakerPublicHub: `RecipeCollection` of its HubContentDocument.

Source: aws/sagemaker-hyperpod-recipes launcher/recipe_templatization (which writes these entries) and
aws/sagemaker-python-sdk finetune_utils (which reads them).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal

from atelier.recipes.rows import Reward

# The hub's name of a technique → the run file's name and the reward. The hub has no name for MTRL.
_TECHNIQUES: Mapping[str, tuple[str, Reward | None]] = {
    "SFT": ("sft", None),
    "DPO": ("dpo", None),
    "PPO": ("ppo", None),
    "RLVR": ("rft", "verifiable"),
    "RLAIF": ("rft", "judge"),
    "CPT": ("cpt", None),
}


# A recipe's name becomes part of a file name.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Files:
    """The addresses of a recipe's template and override spec for one platform."""

    platform: str
    template_uri: str
    overrides_uri: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One recipe of a model.

    `needs_subscription`: only subscribers to Nova Forge can read its files.
    """

    name: str
    technique: str
    reward: Reward | None
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


class _Published(BaseModel):
    """The keys of an entry that Atelier reads; the hub writes more."""

    model_config = ConfigDict(alias_generator=to_pascal)

    supported_instance_types: tuple[str, ...] | None = None
    versions: tuple[str, ...] | None = None
    instance_count: int | None = None
    peft: str | None = None
    is_subscription_model: bool | None = None
    smtj_image_uri: str | None = None
    smtj_recipe_template_s3_uri: str | None = Field(None, alias="SmtjRecipeTemplateS3Uri")
    smtj_override_params_s3_uri: str | None = Field(None, alias="SmtjOverrideParamsS3Uri")
    hp_eks_payload_template_s3_uri: str | None = Field(None, alias="HpEksPayloadTemplateS3Uri")
    hp_eks_override_params_s3_uri: str | None = Field(None, alias="HpEksOverrideParamsS3Uri")

    def files(self) -> Iterator[Files]:
        """The files for each platform that has both a template and an override spec."""
        for platform, template, overrides in (
            ("training-job", self.smtj_recipe_template_s3_uri, self.smtj_override_params_s3_uri),
            ("hyperpod-eks", self.hp_eks_payload_template_s3_uri, self.hp_eks_override_params_s3_uri),
        ):
            if template and overrides:
                yield Files(platform, template, overrides)


def entries_of(document: str) -> Iterator[Entry | Skipped]:
    """The recipes in a HubContentDocument. ValueError when it has another form."""
    try:
        content = json.loads(document)
    except RecursionError as error:
        raise ValueError("nested too deeply to be read") from error
    collection = content.get("RecipeCollection", []) if isinstance(content, dict) else None
    if not isinstance(collection, list) or not all(isinstance(entry, dict) for entry in collection):
        raise ValueError("RecipeCollection is not a list of recipes")
    return map(_entry, collection)


def _entry(entry: Mapping[str, Any]) -> Entry | Skipped:
    name = str(entry.get("Name") or PurePosixPath(str(entry.get("RecipeFilePath", ""))).stem)
    if not _NAME.fullmatch(name):
        return Skipped(
            repr(name), "not a recipe name; accepted: letters, digits, dots, hyphens and underscores"
        )
    if entry.get("Type") != "FineTuning":
        return Skipped(
            name, f"type {entry.get('Type')}: only FineTuning is synced; evaluations use the shipped recipes"
        )
    known = _TECHNIQUES.get(str(entry.get("CustomizationTechnique", "")).upper())
    if known is None:
        return Skipped(name, f"technique {entry.get('CustomizationTechnique')}: not supported in run files")
    try:
        published = _Published.model_validate(entry)
    except ValidationError as error:
        keys = ", ".join(str(detail["loc"][0]) for detail in error.errors())
        return Skipped(name, f"this release cannot read the keys {keys}")
    files = tuple(published.files())
    if not files:
        return Skipped(name, "it names no template with an override spec")
    return Entry(
        name=name,
        technique=known[0],
        reward=known[1],
        adaptation="lora" if published.peft else "full",
        version=(published.versions or ("?",))[-1],
        instance_types=published.supported_instance_types or (),
        instance_count=published.instance_count,
        image_uri=published.smtj_image_uri,
        needs_subscription=bool(published.is_subscription_model),
        files=files,
    )
