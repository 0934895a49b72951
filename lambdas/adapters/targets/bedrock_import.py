"""Adapter of target bedrock-import."""

from __future__ import annotations

from atelier.operations.ports import LongRunning
from atelier.targets.bedrock_import import IMPORT, WARM_UP
from lambdas.adapters.bedrock_imports import BedrockImports
from lambdas.adapters.imported_models import ImportedModels, WarmUps
from lambdas.adapters.pointer_promotions import PointerPromotions
from lambdas.adapters.targets import TargetContext


def deployments(context: TargetContext) -> ImportedModels:
    """Imported models behind pointers."""
    return ImportedModels(
        bedrock=context.client("bedrock"),
        runtime=context.client("bedrock-runtime"),
        pointers=context.pointers(),
        quota=context.imported_models_quota,
        now=context.now,
    )


def service(kind: str, context: TargetContext) -> LongRunning:
    """The service behind one of the target's kinds of operation."""
    if kind == IMPORT:
        return BedrockImports(bedrock=context.client("bedrock"))
    if kind == WARM_UP:
        return WarmUps(models=deployments(context))
    return PointerPromotions(pointers=context.pointers(), now=context.now)
