"""Requirements of a recipe on its data beyond the format: rows, reasoning, media, sizes.

Sources: Amazon Nova user guides (data preparation for SFT, RFT and distillation), Amazon Bedrock quotas, and
the row counts that the Nova Forge SDK holds training files to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from atelier.datasets.formats.registry import Format, documented
from atelier.datasets.rules.requirements import Bound, Requirements
from atelier.platforms.resolved_stage import ResolvedStage

_NOVA_2 = "amazon.nova-2-"
_TAKES_MEDIA = {"nova-lite", "nova-pro", "nova-premier", "nova-2-lite"}
_TAKES_DOCUMENTS = {"nova-2-lite"}

_BEDROCK_ROWS = Bound(20_000, "the rows that Bedrock takes")


def training_requirements(stage: ResolvedStage) -> Requirements:
    """Requirements on a stage's `train`."""
    guide = documented(Format(stage.dataset_format or stage.technique or ""))
    return replace(
        guide,
        min_rows=guide.min_rows or _min_rows(stage),
        max_rows=guide.max_rows or (_BEDROCK_ROWS if stage.platform == "bedrock" else None),
        reasoning=_reasoning(stage),
        documents=_documents(stage),
        media=_media(stage),
    )


def validation_requirements(stage: ResolvedStage) -> Requirements:
    """Requirements on a stage's `validation`: AWS counts the rows of training files only."""
    return Requirements(reasoning=_reasoning(stage), documents=_documents(stage), media=_media(stage))


def evaluation_requirements(stage: ResolvedStage) -> Requirements:
    """Requirements on an evaluation's `dataset`."""
    return Requirements(documents=_documents(stage), media=_media(stage))


def _min_rows(stage: ResolvedStage) -> Bound | None:
    model, is_nova_2 = stage.base_model, stage.model_type.startswith(_NOVA_2)
    if stage.technique != "sft":
        return None
    if stage.platform == "bedrock":
        return Bound(200 if is_nova_2 else 8, f"what Bedrock needs to fine-tune {model}")
    batch = _value(stage, "global_batch_size")
    return Bound(batch, f"one batch (global_batch_size {batch})") if is_nova_2 and batch else None


def _reasoning(stage: ResolvedStage) -> Literal["required", "refused"]:
    return "required" if _value(stage, "reasoning_enabled") else "refused"


def _media(stage: ResolvedStage) -> bool:
    return stage.base_model in _TAKES_MEDIA


def _documents(stage: ResolvedStage) -> bool:
    return stage.base_model in _TAKES_DOCUMENTS


def _value(stage: ResolvedStage, name: str) -> Any:
    """The recipe's value of a hyperparameter; None where it has no such key."""
    return stage.settings.get(name)
