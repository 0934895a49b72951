"""On-demand deployments of custom models: a stable ARN, and a model behind it that can be swapped."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localcloud.aws.services.authorization import Caller, tag_context
from localcloud.aws.services.bedrock import pages
from localcloud.aws.services.bedrock.records import CustomModel, Deployment
from localcloud.aws.services.bedrock.serving import ModelUnloadable, Serving
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Call, Operation
from localcloud.common.service_error import ServiceError


class Deployments:
    """Create, get, update, list and delete deployments."""

    def __init__(
        self, models: Records[CustomModel], deployments: Records[Deployment], serving: Serving
    ) -> None:
        self._models = models
        self._deployments = deployments
        self._serving = serving
        for deployment in deployments.all():
            if deployment.status == "Creating":
                deployment.status = "Failed"
                deployment.failure = "the embedded cloud ended while the deployment was created"
            if deployment.is_updating and deployment.update is not None:
                deployment.update["updateStatus"] = "UpdateFailed"
            deployments.put(deployment.arn, deployment)

    def by_name(self) -> dict[str, Operation]:
        return {
            "CreateCustomModelDeployment": self.create,
            "GetCustomModelDeployment": self.get,
            "UpdateCustomModelDeployment": self.update,
            "ListCustomModelDeployments": self.list,
            "DeleteCustomModelDeployment": self.delete,
        }

    def create(self, call: Call) -> dict[str, Any]:
        caller, request = call.caller, call.params
        tags = {tag["key"]: tag["value"] for tag in request.get("tags", [])}
        arn = f"{_arn_prefix(caller)}{secrets.token_hex(6)}"
        caller.require("bedrock:CreateCustomModelDeployment", request["modelArn"], tag_context(tags))
        if tags:
            caller.require("bedrock:TagResource", arn, tag_context(tags))
        model = self._active_model(request["modelArn"])
        now = time.time()
        deployment = Deployment(
            arn=arn,
            name=request["modelDeploymentName"],
            account_id=caller.account_id,
            region=caller.region,
            model_arn=model.arn,
            folder=model.folder,
            created=now,
            updated=now,
            description=request.get("description"),
            token=request.get("clientRequestToken"),
            tags=tags,
        )
        with self._deployments.lock:
            existing = self._named(caller, deployment.name)
            if existing is not None:
                if existing.token == deployment.token and existing.model_arn == deployment.model_arn:
                    return {"customModelDeploymentArn": existing.arn}
                raise ServiceError(
                    "ValidationException",
                    f"A custom model deployment named {deployment.name} already exists: {existing.arn}",
                )
            self._deployments.put(arn, deployment)
        self._load(deployment, model, self._created)
        return {"customModelDeploymentArn": arn}

    def get(self, call: Call) -> dict[str, Any]:
        deployment = self._find(call, "bedrock:GetCustomModelDeployment")
        return {
            "customModelDeploymentArn": deployment.arn,
            "modelDeploymentName": deployment.name,
            "modelArn": deployment.model_arn,
            "createdAt": deployment.created,
            "status": deployment.status,
            "description": deployment.description,
            "updateDetails": deployment.update,
            "failureMessage": deployment.failure,
            "lastUpdatedAt": deployment.updated,
        }

    def update(self, call: Call) -> dict[str, Any]:
        deployment = self._find(call, "bedrock:UpdateCustomModelDeployment")
        call.caller.require("bedrock:UpdateCustomModelDeployment", call.params["modelArn"])
        model = self._active_model(call.params["modelArn"])
        with self._deployments.lock:
            if deployment.status != "Active" or deployment.is_updating:
                state = "Updating" if deployment.is_updating else deployment.status
                raise ServiceError(
                    "ValidationException",
                    f"Custom model deployment {deployment.name} cannot be updated while it is {state}.",
                )
            deployment.update = Deployment.update_of(model.arn)
            self._save(deployment)
        self._load(deployment, model, self._updated)
        return {"customModelDeploymentArn": deployment.arn}

    def list(self, call: Call) -> dict[str, Any]:
        call.caller.require("bedrock:ListCustomModelDeployments")
        request = call.params
        found = [
            deployment
            for deployment in self._deployments.all()
            if _owned(deployment, call.caller)
            and request.get("nameContains", "") in deployment.name
            and request.get("statusEquals", deployment.status) == deployment.status
            and request.get("modelArnEquals", deployment.model_arn) == deployment.model_arn
            and pages.is_within(deployment.created, request.get("createdAfter"), request.get("createdBefore"))
        ]
        chosen, token = pages.page(found, request, lambda deployment: deployment.created)
        summaries = [
            {
                "customModelDeploymentArn": deployment.arn,
                "customModelDeploymentName": deployment.name,
                "modelArn": deployment.model_arn,
                "createdAt": deployment.created,
                "status": deployment.status,
                "lastUpdatedAt": deployment.updated,
                "failureMessage": deployment.failure,
            }
            for deployment in chosen
        ]
        return {"modelDeploymentSummaries": summaries, "nextToken": token}

    def delete(self, call: Call) -> dict[str, Any]:
        deployment = self._find(call, "bedrock:DeleteCustomModelDeployment")
        with self._deployments.lock:
            if deployment.status == "Creating" or deployment.is_updating:
                raise ServiceError(
                    "ConflictException",
                    f"Custom model deployment {deployment.name} is still being created or updated.",
                )
            self._deployments.remove(deployment.arn)
        self._release(deployment.folder)
        return {}

    def _load(
        self,
        deployment: Deployment,
        model: CustomModel,
        done: Callable[[Deployment, CustomModel, str | None], None],
    ) -> None:
        """Load the model in a thread, then call `done(deployment, model, failure)`."""

        def load() -> None:
            try:
                self._serving.load(Path(model.folder))
            except ModelUnloadable as error:
                failure: str | None = f"the model could not be loaded: {error}"[:2048]
            else:
                failure = None
            with self._deployments.lock:
                done(deployment, model, failure)
                self._save(deployment)

        threading.Thread(target=load, name=f"deploy-{deployment.name}", daemon=True).start()

    def _created(self, deployment: Deployment, _model: CustomModel, failure: str | None) -> None:
        deployment.status = "Failed" if failure else "Active"
        deployment.failure = failure

    def _updated(self, deployment: Deployment, model: CustomModel, failure: str | None) -> None:
        """A failed update leaves the old model in place."""
        deployment.failure = failure
        deployment.update = Deployment.update_of(model.arn, "UpdateFailed" if failure else "UpdateCompleted")
        if failure is None:
            before, deployment.model_arn, deployment.folder = deployment.folder, model.arn, model.folder
            self._release(before)

    def _release(self, folder: str) -> None:
        """End a model's process when nothing serves it any more."""
        if not any(deployment.folder == folder for deployment in self._deployments.all()):
            self._serving.unload(Path(folder))

    def _save(self, deployment: Deployment) -> None:
        deployment.updated = time.time()
        self._deployments.put(deployment.arn, deployment)

    def _active_model(self, model_arn: str) -> CustomModel:
        model = self._models.get(model_arn)
        if model is None:
            raise ServiceError("ResourceNotFoundException", f"The custom model {model_arn} does not exist.")
        if model.status != "Active":
            raise ServiceError(
                "ValidationException",
                f"The custom model {model_arn} is {model.status}: only an Active model can be deployed.",
            )
        return model

    def _named(self, caller: Caller, name: str) -> Deployment | None:
        return next(
            (found for found in self._deployments.all() if _owned(found, caller) and found.name == name), None
        )

    def _find(self, call: Call, action: str) -> Deployment:
        """The deployment of a name or an ARN; permission is checked on the ARN."""
        identifier = call.params["customModelDeploymentIdentifier"]
        deployment = self._deployments.get(identifier) or self._named(call.caller, identifier)
        call.caller.require(
            action,
            deployment.arn if deployment else _as_arn(call.caller, identifier),
            {f"aws:ResourceTag/{key}": value for key, value in deployment.tags.items()} if deployment else {},
        )
        if deployment is None or not _owned(deployment, call.caller):
            raise ServiceError(
                "ResourceNotFoundException", f"The custom model deployment {identifier} does not exist."
            )
        return deployment


def _arn_prefix(caller: Caller) -> str:
    return f"arn:aws:bedrock:{caller.region}:{caller.account_id}:custom-model-deployment/"


def _as_arn(caller: Caller, identifier: str) -> str:
    """The ARN for a permission check on an unknown deployment."""
    return identifier if identifier.startswith("arn:") else _arn_prefix(caller) + identifier


def _owned(deployment: Deployment, caller: Caller) -> bool:
    return (deployment.account_id, deployment.region) == (caller.account_id, caller.region)
