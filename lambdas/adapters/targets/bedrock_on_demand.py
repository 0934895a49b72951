"""Adapter of target bedrock-on-demand."""

from __future__ import annotations

from atelier.operations.ports import LongRunning
from atelier.targets.bedrock_on_demand import CUSTOM_MODEL, DEPLOYMENT
from lambdas.adapters.bedrock_custom_models import BedrockCustomModels
from lambdas.adapters.bedrock_deployments import BedrockDeployments
from lambdas.adapters.bedrock_promotions import BedrockPromotions
from lambdas.adapters.targets import TargetContext


def deployments(context: TargetContext) -> BedrockDeployments:
    """Custom model deployments."""
    return BedrockDeployments(bedrock=context.client("bedrock"), runtime=context.client("bedrock-runtime"))


def service(kind: str, context: TargetContext) -> LongRunning:
    """The service behind one of the target's kinds of operation."""
    if kind == CUSTOM_MODEL:
        return BedrockCustomModels(bedrock=context.client("bedrock"))
    if kind == DEPLOYMENT:
        return deployments(context)
    return BedrockPromotions(bedrock=context.client("bedrock"), deployments=deployments(context))
