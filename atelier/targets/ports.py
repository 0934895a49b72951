"""Port Deployments: what serves, and the models behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class ServingModel:
    """The model behind a deployment; `updating_to` is the ARN of the one that is being swapped in, if any."""

    model_arn: str
    model_name: str
    updating_to: str | None = None


class Deployments(Protocol):
    """What serves: stable deployments, and the models behind them (Bedrock on-demand)."""

    def serving_model(self, deployment_name: str) -> ServingModel | None:
        """What a deployment serves; None when there is no such deployment."""

    def update(self, deployment_name: str, model_arn: str) -> None:
        """Point a deployment at another model. ResourceInUse while an earlier update is under way."""

    def delete_deployment(self, deployment_name: str, *, run_id: str) -> None:
        """Delete a deployment that the run made; one that is gone, or that another made, is left.

        ResourceInUse while it is busy.
        """

    def delete_model(self, model_name: str, *, run_id: str) -> None:
        """Delete a custom model that the run made; one that is gone, or that another made, is left.

        ResourceInUse while something serves it.
        """

    def converse(self, deployment_arn: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """One Converse call: `request` and the answer in Converse's shape."""
