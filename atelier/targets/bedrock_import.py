"""Target bedrock-import: open weights as an imported model of Bedrock, behind a pointer.

An import takes minutes; the SageMaker SDK waits an hour. One import runs at a time in an account, so a second
one waits for the first within its deadline. An imported model serves as soon as it is there, from zero
copies: the first call loads it. No service object stands for the name, so promotion moves Atelier's own
pointer.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from atelier import names
from atelier.errors import CapacityUnavailable
from atelier.operations.model import Operation
from atelier.operations.ports import Operations
from atelier.registry import BEDROCK_IMPORT, TARGETS
from atelier.storage import Objects
from atelier.targets.base import Reversal, TargetEnvironment, TargetOperation
from atelier.targets.import_source import import_source
from atelier.targets.ports import Deployments

IMPORT, WARM_UP, PROMOTION = TARGETS[BEDROCK_IMPORT].kinds

SECONDS = 2 * 3600


class BedrockImport:
    """Merged open weights, billed by active copy and by month of storage."""

    name = BEDROCK_IMPORT
    idle_cost = "the storage of the imported model, by custom model unit and month"
    awaited: Mapping[str, str] = MappingProxyType(
        {
            IMPORT: "Bedrock to import the model",
            WARM_UP: "Bedrock to load the imported model",
            PROMOTION: "the deployment's pointer to move",
        }
    )

    def require_room(self, *, deployments: Deployments) -> None:
        """CapacityUnavailable when the account takes no further model, before anything is trained for it."""
        room = deployments.room()
        if room is not None and room.free < 1:
            raise CapacityUnavailable(
                f"the account has {len(room.models)} imported models ({', '.join(sorted(room.models))}) and "
                f"its quota is {room.quota}; delete one, or raise the quota (Service Quotas, Amazon Bedrock, "
                "imported models) and set it as imported_models_quota of the environment"
            )

    def create(
        self, run_id: str, *, checkpoint: str, environment: TargetEnvironment, objects: Objects
    ) -> TargetOperation:
        """CreateModelImportJob from merged weights in the environment's bucket."""
        tags = [{"key": names.RUN_TAG, "value": run_id}, {"key": names.STEP_TAG, "value": names.CUSTOM_MODEL}]
        request = {
            "jobName": names.operation_name(run_id, names.CUSTOM_MODEL),
            "importedModelName": names.custom_model_name(run_id),
            "roleArn": environment.import_role_arn,
            "modelDataSource": {"s3DataSource": {"s3Uri": import_source(checkpoint, objects)}},
            "importedModelKmsKeyId": environment.key_arn,
            "jobTags": tags,
            "importedModelTags": tags,
            "clientRequestToken": names.operation_name(run_id, names.CUSTOM_MODEL),
        }
        return TargetOperation(step=names.CUSTOM_MODEL, kind=IMPORT, request=request, seconds=SECONDS)

    def deploy(self, run_id: str, *, model_arn: str) -> TargetOperation:  # noqa: ARG002 - protocol Target
        """Wait until a copy of the model is loaded and answers; nothing else is needed for it to serve."""
        return TargetOperation(
            step=names.DEPLOYMENT, kind=WARM_UP, request={"model_arn": model_arn}, seconds=SECONDS
        )

    def promote(
        self,
        run_id: str,  # noqa: ARG002 - protocol Target
        *,
        deployment_name: str,
        model_arn: str,
        compared_with: str | None,
    ) -> TargetOperation:
        """Move the pointer to the candidate, if it still names the model that the gate compared with."""
        request = {
            "deployment_name": deployment_name,
            "model_arn": model_arn,
            "previous_model_arn": compared_with,
        }
        return TargetOperation(step=names.PROMOTION, kind=PROMOTION, request=request, seconds=SECONDS)

    def retire(
        self,
        run_id: str,
        *,
        deployment_name: str,
        deployments: Deployments,
    ) -> list[str]:
        """Delete the models that served before the previous one: nothing is deployed beside what serves."""
        return [f"model {name}" for name in deployments.delete_retired_models(deployment_name, run_id=run_id)]

    def roll_back(
        self,
        run_id: str,
        rows: Mapping[str, Operation],
        *,
        operations: Operations,  # noqa: ARG002 - protocol Target
        deployments: Deployments,
    ) -> Reversal:
        """Withdraw the run's model from the deployment's pointer, then delete it.

        What served before serves again where the run's model served; a later promotion stays. ResourceInUse
        during the import.
        """
        deleted: list[str] = []
        restored = None
        if names.PROMOTION in rows:
            promotion = rows[names.PROMOTION].request
            name = promotion["deployment_name"]
            deployments.delete_deployment(name, run_id=run_id)
            serving = deployments.serving_model(name)
            if serving is None:
                deleted.append(f"deployment {name}")
            elif serving.model_arn == promotion["previous_model_arn"]:
                restored = serving.model_arn
        if names.CUSTOM_MODEL in rows:
            deployments.delete_model(names.custom_model_name(run_id), run_id=run_id)
            deleted.append(f"model {names.custom_model_name(run_id)}")
        return Reversal(tuple(deleted), restored)


TARGET = BedrockImport()
