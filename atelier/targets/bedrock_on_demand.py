"""Target bedrock-on-demand: Bedrock custom models behind on-demand custom model deployments.

Bedrock gives no figures for how long its steps take: the SageMaker SDK waits an hour for a custom model and
for a deployment, so twice that is late.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from atelier import names
from atelier.operations.model import Operation
from atelier.operations.ports import Operations
from atelier.registry import BEDROCK_ON_DEMAND, TARGETS
from atelier.storage import Objects
from atelier.targets.base import Reversal, TargetEnvironment, TargetOperation
from atelier.targets.bedrock_requests import custom_model_request, deployment_request, promotion_request
from atelier.targets.ports import Deployments, ServingModel

CUSTOM_MODEL, DEPLOYMENT, PROMOTION = TARGETS[BEDROCK_ON_DEMAND].kinds

SECONDS = 2 * 3600


class BedrockOnDemand:
    """PEFT adaptations of Nova, billed by token."""

    name = BEDROCK_ON_DEMAND
    idle_cost = "nothing but the storage of the custom model"
    awaited: Mapping[str, str] = MappingProxyType(
        {
            CUSTOM_MODEL: "Bedrock to create the custom model",
            DEPLOYMENT: "Bedrock to deploy the candidate",
            PROMOTION: "Bedrock to swap the model behind the deployment",
        }
    )

    def require_room(self, *, deployments: Deployments) -> None:
        """Nothing: custom models have no quota that a few runs meet."""

    def create(
        self,
        run_id: str,
        *,
        checkpoint: str,
        environment: TargetEnvironment,
        objects: Objects,  # noqa: ARG002 - protocol Target; only AWS reads the escrow bucket
    ) -> TargetOperation:
        """CreateCustomModel from the checkpoint in escrow."""
        request = custom_model_request(
            run_id, checkpoint=checkpoint, role_arn=environment.model_role_arn, key_arn=environment.key_arn
        )
        return TargetOperation(step=names.CUSTOM_MODEL, kind=CUSTOM_MODEL, request=request, seconds=SECONDS)

    def deploy(self, run_id: str, *, model_arn: str) -> TargetOperation:
        """CreateCustomModelDeployment of the temporary deployment, on which the candidate is proven."""
        request = deployment_request(run_id, model_arn=model_arn)
        return TargetOperation(step=names.DEPLOYMENT, kind=DEPLOYMENT, request=request, seconds=SECONDS)

    def promote(
        self,
        run_id: str,
        *,
        deployment_name: str,
        model_arn: str,
        compared_with: str | None,
    ) -> TargetOperation:
        """Swap the model behind the stable deployment, which is created the first time."""
        request = promotion_request(
            run_id, deployment_name=deployment_name, model_arn=model_arn, compared_with=compared_with
        )
        return TargetOperation(step=names.PROMOTION, kind=PROMOTION, request=request, seconds=SECONDS)

    def retire(
        self,
        run_id: str,
        *,
        deployment_name: str,  # noqa: ARG002 - protocol Target
        deployments: Deployments,
    ) -> list[str]:
        """Delete the temporary deployment; returns what is gone."""
        return _delete_candidate(run_id, deployments)

    def roll_back(
        self, run_id: str, rows: Mapping[str, Operation], *, operations: Operations, deployments: Deployments
    ) -> Reversal:
        """Bring the previous model back, then delete the run's deployments and its model.

        Deployments go before their model. A stable deployment that serves, or is taking, another run's model
        stays, whoever made it; the run's model stays while that run would bring it back. ResourceInUse while
        Bedrock is busy.
        """
        deleted: list[str] = []
        restored = None
        keeps_model = False
        if names.PROMOTION in rows:
            promotion = rows[names.PROMOTION].request
            serving = deployments.serving_model(promotion["deployment_name"])
            current = (serving.updating_to or serving.model_arn) if serving else None
            if promotion["previous_model_arn"] is not None:
                restored = _restore(promotion, current, deployments)
            elif current in (None, promotion["model_arn"]):
                deployments.delete_deployment(promotion["deployment_name"], run_id=run_id)
                deleted.append(f"deployment {promotion['deployment_name']}")
            keeps_model = serving is not None and _has_replaced(serving, promotion, operations)
        if names.DEPLOYMENT in rows:
            deleted += _delete_candidate(run_id, deployments)
        if names.CUSTOM_MODEL in rows and not keeps_model:
            deployments.delete_model(names.custom_model_name(run_id), run_id=run_id)
            deleted.append(f"model {names.custom_model_name(run_id)}")
        return Reversal(tuple(deleted), restored)


def _delete_candidate(run_id: str, deployments: Deployments) -> list[str]:
    name = names.candidate_deployment_name(run_id)
    deployments.delete_deployment(name, run_id=run_id)
    return [f"deployment {name}"]


def _has_replaced(serving: ServingModel, promotion: Mapping[str, Any], operations: Operations) -> bool:
    """True when the run whose model serves remembers this promotion's model as the previous one.

    That run may still fail and bring it back. A custom model has the name of its run.
    """
    later = operations.get(serving.model_name, names.PROMOTION)
    return later is not None and later.request["previous_model_arn"] == promotion["model_arn"]


def _restore(promotion: Mapping[str, Any], current: str | None, deployments: Deployments) -> str | None:
    """Restore the previous model if the run's serves or is being swapped in; keep a later promotion."""
    previous: str = promotion["previous_model_arn"]
    if current == promotion["model_arn"]:
        deployments.update(promotion["deployment_name"], previous)
        return previous
    return previous if current == previous else None


TARGET = BedrockOnDemand()
