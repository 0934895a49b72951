"""Bedrock's custom models, made from a checkpoint that a training job left in escrow."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localcloud.aws.services.authorization import Caller, ServiceRole, tag_context
from localcloud.aws.services.bedrock import pages
from localcloud.aws.services.bedrock.records import CustomModel, Deployment
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Call, Operation
from localcloud.common.endpoint import Endpoint
from localcloud.common.escrow import Escrow
from localcloud.common.home import Home
from localcloud.common.s3_folders import split
from localcloud.common.service_error import ServiceError

logger = logging.getLogger("atelier.cloud")
PRINCIPAL = "bedrock.amazonaws.com"
BASE_MODEL_ID = "atelier.tiny-v1:0"
# Real weights are copied in milliseconds; what waits for a model must see one that is not there yet.
CREATION_SECONDS = 0.5


class CustomModels:
    """Create, get, list and delete custom models."""

    def __init__(
        self, home: Home, endpoint: Endpoint, models: Records[CustomModel], deployments: Records[Deployment]
    ) -> None:
        self._home = home
        self._endpoint = endpoint
        self._models = models
        self._deployments = deployments
        for model in models.all():
            if model.status == "Creating":
                self._end(model, "Failed", "the embedded cloud ended while the model was created")

    def by_name(self) -> dict[str, Operation]:
        return {
            "CreateCustomModel": self.create,
            "GetCustomModel": self.get,
            "ListCustomModels": self.list,
            "DeleteCustomModel": self.delete,
        }

    def create(self, call: Call) -> dict[str, Any]:
        caller, request = call.caller, call.params
        number = secrets.token_hex(6)
        arn = f"arn:aws:bedrock:{caller.region}:{caller.account_id}:custom-model/imported/{number}"
        tags = {tag["key"]: tag["value"] for tag in request.get("modelTags", [])}
        caller.require("bedrock:CreateCustomModel", "*", tag_context(tags))
        if tags:
            caller.require("bedrock:TagResource", arn, tag_context(tags))
        source_uri = _source(request)
        role = ServiceRole(request["roleArn"], caller.account_id)
        caller.require_pass_role(role.arn, PRINCIPAL)
        role.require_trust(PRINCIPAL, arn, caller.region)
        model = CustomModel(
            arn=arn,
            name=request["modelName"],
            account_id=caller.account_id,
            region=caller.region,
            role_arn=role.arn,
            source_uri=source_uri,
            folder=str(self._home.models / number),
            created=time.time(),
            token=request.get("clientRequestToken"),
            kms_key_arn=request.get("modelKmsKeyArn"),
            tags=tags,
        )
        with self._models.lock:
            existing = self._named(caller, model.name)
            if existing is not None:
                if existing.token == model.token and existing.source_uri == model.source_uri:
                    return {"modelArn": existing.arn}
                raise ServiceError(
                    "ConflictException",
                    f"A custom model with the name {model.name} already exists: {existing.arn}",
                )
            self._models.put(arn, model)
        threading.Thread(target=self._make, args=(model,), name=f"model-{number}", daemon=True).start()
        return {"modelArn": arn}

    def get(self, call: Call) -> dict[str, Any]:
        model = self._find(call, "bedrock:GetCustomModel")
        return {
            "modelArn": model.arn,
            "modelName": model.name,
            "baseModelArn": _base_model_arn(model),
            "customizationType": "IMPORTED",
            "modelKmsKeyArn": model.kms_key_arn,
            "creationTime": model.created,
            "modelStatus": model.status,
            "failureMessage": model.failure,
        }

    def list(self, call: Call) -> dict[str, Any]:
        call.caller.require("bedrock:ListCustomModels")
        filters = call.params
        found = [
            model
            for model in self._models.all()
            if _owned(model, call.caller)
            and filters.get("nameContains", "") in model.name
            and filters.get("modelStatus", model.status) == model.status
            and filters.get("baseModelArnEquals", _base_model_arn(model)) == _base_model_arn(model)
            and pages.is_within(
                model.created, filters.get("creationTimeAfter"), filters.get("creationTimeBefore")
            )
        ]
        chosen, token = pages.page(found, filters, lambda model: model.created)
        summaries = [
            {
                "modelArn": model.arn,
                "modelName": model.name,
                "creationTime": model.created,
                "baseModelArn": _base_model_arn(model),
                "baseModelName": BASE_MODEL_ID,
                "customizationType": "IMPORTED",
                "ownerAccountId": model.account_id,
                "modelStatus": model.status,
            }
            for model in chosen
        ]
        return {"modelSummaries": summaries, "nextToken": token}

    def delete(self, call: Call) -> dict[str, Any]:
        model = self._find(call, "bedrock:DeleteCustomModel")
        with self._deployments.lock:
            using = [deployment.name for deployment in self._deployments.all() if deployment.uses(model.arn)]
            if using:
                raise ServiceError(
                    "ConflictException",
                    f"Custom model {model.name} is used by deployments: {', '.join(sorted(using))}",
                )
            self._models.remove(model.arn)
        shutil.rmtree(model.folder, ignore_errors=True)
        return {}

    def _make(self, model: CustomModel) -> None:
        """Copy the checkpoint, as far as the model's role may read it."""
        time.sleep(CREATION_SECONDS)
        role = ServiceRole(model.role_arn, model.account_id)
        bucket, key = split(model.source_uri)
        try:
            role.require_allowed("s3:ListBucket", f"arn:aws:s3:::{bucket}", model.region)
            role.require_allowed(
                "s3:GetObject", f"arn:aws:s3:::{bucket}/{key.rstrip('/')}/weights", model.region
            )
            Escrow(self._endpoint, model.account_id, model.region).get(model.source_uri, Path(model.folder))
        except ServiceError as error:
            self._end(model, "Failed", error.message)
        except Exception as error:
            logger.exception("custom model %s", model.name)
            self._end(model, "Failed", f"internal error: {error}")
        else:
            self._end(model, "Active", None)

    def _end(self, model: CustomModel, status: str, failure: str | None) -> None:
        with self._models.lock:
            if self._models.get(model.arn) is not None:
                model.status, model.failure = status, failure and failure[:2048]
                self._models.put(model.arn, model)

    def _named(self, caller: Caller, name: str) -> CustomModel | None:
        return next(
            (model for model in self._models.all() if _owned(model, caller) and model.name == name), None
        )

    def _find(self, call: Call, action: str) -> CustomModel:
        """The model of a name or an ARN; permission is checked on the ARN."""
        identifier = call.params["modelIdentifier"]
        model = self._models.get(identifier) or self._named(call.caller, identifier)
        prefix = f"arn:aws:bedrock:{call.caller.region}:{call.caller.account_id}:custom-model/"
        call.caller.require(
            action,
            model.arn if model else identifier if identifier.startswith("arn:") else prefix + identifier,
            {f"aws:ResourceTag/{key}": value for key, value in model.tags.items()} if model else {},
        )
        if model is None or not _owned(model, call.caller):
            raise ServiceError("ResourceNotFoundException", f"The custom model {identifier} does not exist.")
        return model


def _source(request: Mapping[str, Any]) -> str:
    """The checkpoint's URI: exactly one of the two sources, and the role that the S3 form needs."""
    if ("modelSourceConfig" in request) == ("customModelDataSource" in request):
        raise ServiceError(
            "ValidationException",
            "Exactly one of modelSourceConfig and customModelDataSource must be specified.",
        )
    if "customModelDataSource" in request:
        raise ServiceError(
            "ValidationException",
            "customModelDataSource: the embedded cloud has no restricted model packages; "
            "use modelSourceConfig.s3DataSource with the checkpoint's escrow URI",
        )
    if "roleArn" not in request:
        raise ServiceError("ValidationException", "roleArn is required with modelSourceConfig.s3DataSource.")
    return str(request["modelSourceConfig"]["s3DataSource"]["s3Uri"])


def _owned(model: CustomModel, caller: Caller) -> bool:
    return (model.account_id, model.region) == (caller.account_id, caller.region)


def _base_model_arn(model: CustomModel) -> str:
    return f"arn:aws:bedrock:{model.region}::foundation-model/{BASE_MODEL_ID}"
