"""What serves in an environment: the deployments of every target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from atelier import names
from atelier.registry import BEDROCK_ON_DEMAND
from atelier.targets.pointer import Pointers
from atelier.targets.registry import target_named
from lambdas.adapters.client_errors import domain_errors

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_bedrock.type_defs import CustomModelDeploymentSummaryTypeDef


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A stable deployment. `model_id` is what to invoke, `run_id` the run whose model serves.

    `previous_run_id` is the run whose model a rollback would bring back, where the target has that on record.
    `idle_cost` says what it costs without calls.
    """

    name: str
    target: str
    status: str
    model_id: str
    run_id: str
    previous_run_id: str | None
    since: datetime
    idle_cost: str


class DeploymentList:
    """Reads the deployments of an environment."""

    def __init__(self, *, bedrock: BedrockClient, pointers: Pointers) -> None:
        self._bedrock = bedrock
        self._pointers = pointers

    def all(self) -> list[Deployment]:
        """Every stable deployment, by name. Temporary ones, which have the name of a run, are left out."""
        found = [*self._on_demand(), *self._pointed_to()]
        return sorted(found, key=lambda deployment: deployment.name)

    def _on_demand(self) -> Iterator[Deployment]:
        with domain_errors("bedrock:ListCustomModelDeployments", "*"):
            pages = self._bedrock.get_paginator("list_custom_model_deployments").paginate()
            summaries = [summary for page in pages for summary in page["modelDeploymentSummaries"]]
        for summary in summaries:
            if not re.fullmatch(names.RUN_ID_PATTERN, summary["customModelDeploymentName"]):
                yield self._deployment(summary)

    def _deployment(self, summary: CustomModelDeploymentSummaryTypeDef) -> Deployment:
        model_arn = summary["modelArn"]
        with domain_errors("bedrock:GetCustomModel", model_arn):
            model = self._bedrock.get_custom_model(modelIdentifier=model_arn)
        return Deployment(
            name=summary["customModelDeploymentName"],
            target=BEDROCK_ON_DEMAND,
            status=summary["status"],
            model_id=summary["customModelDeploymentArn"],
            run_id=model["modelName"],
            previous_run_id=None,
            since=summary.get("lastUpdatedAt", summary["createdAt"]),
            idle_cost=target_named(BEDROCK_ON_DEMAND).idle_cost,
        )

    def _pointed_to(self) -> Iterator[Deployment]:
        for name, pointer in self._pointers.all().items():
            yield Deployment(
                name=name,
                target=pointer.target,
                status="Active",
                model_id=pointer.serving.model_id,
                run_id=pointer.serving.run_id,
                previous_run_id=pointer.previous.run_id if pointer.previous else None,
                since=datetime.fromtimestamp(pointer.since, UTC),
                idle_cost=target_named(pointer.target).idle_cost,
            )
