"""Adapter of target bedrock-on-demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atelier.operations.ports import LongRunning, Operations
from atelier.targets.bedrock_on_demand import CUSTOM_MODEL, DEPLOYMENT
from atelier.targets.ports import Deployments


def deployments(client: Callable[[str], Any]) -> Deployments:
    """Port Deployments; `client` makes the boto3 client of a service."""
    from lambdas.adapters.bedrock_deployments import BedrockDeployments

    return BedrockDeployments(bedrock=client("bedrock"), runtime=client("bedrock-runtime"))


def service(kind: str, client: Callable[[str], Any], operations: Callable[[], Operations]) -> LongRunning:
    """The service behind one of the target's kinds of operation."""
    if kind == CUSTOM_MODEL:
        from lambdas.adapters.bedrock_custom_models import BedrockCustomModels

        return BedrockCustomModels(bedrock=client("bedrock"))
    from lambdas.adapters.bedrock_deployments import BedrockDeployments

    deployments = BedrockDeployments(bedrock=client("bedrock"), runtime=client("bedrock-runtime"))
    if kind == DEPLOYMENT:
        return deployments
    from lambdas.adapters.bedrock_promotions import BedrockPromotions

    return BedrockPromotions(bedrock=client("bedrock"), deployments=deployments, operations=operations())
