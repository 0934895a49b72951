"""Imported models of Bedrock, and how records of imports are found: by owner, name or ARN."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from localcloud.aws.services.authorization import Caller
from localcloud.aws.services.bedrock import pages
from localcloud.aws.services.bedrock.records import ImportedModel, ImportJob
from localcloud.aws.services.bedrock.serving import Serving
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Call, Operation
from localcloud.common.service_error import ServiceError

Owned = TypeVar("Owned", ImportJob, ImportedModel)


class ImportedModels:
    """Get, list and delete imported models."""

    def __init__(self, models: Records[ImportedModel], serving: Serving) -> None:
        self._models = models
        self._serving = serving

    def by_name(self) -> dict[str, Operation]:
        return {
            "GetImportedModel": self.get,
            "ListImportedModels": self.list,
            "DeleteImportedModel": self.delete,
        }

    def get(self, call: Call) -> dict[str, Any]:
        model = self._find(call, "bedrock:GetImportedModel")
        return {
            "modelArn": model.arn,
            "modelName": model.name,
            "jobName": model.job_name,
            "jobArn": model.job_arn,
            "modelDataSource": {"s3DataSource": {"s3Uri": model.source_uri}},
            "creationTime": model.created,
            "modelArchitecture": model.architecture,
            "modelKmsKeyArn": model.kms_key_arn,
            "instructSupported": model.is_instruct_supported,
            "customModelUnits": {"customModelUnitsPerModelCopy": 1, "customModelUnitsVersion": "v1.0"},
        }

    def list(self, call: Call) -> dict[str, Any]:
        call.caller.require("bedrock:ListImportedModels")
        request = call.params
        found = [
            model
            for model in self._models.all()
            if owns(call.caller, model)
            and request.get("nameContains", "") in model.name
            and pages.is_within(
                model.created, request.get("creationTimeAfter"), request.get("creationTimeBefore")
            )
        ]
        chosen, token = pages.page(found, request, lambda model: model.created)
        summaries = [
            {
                "modelArn": model.arn,
                "modelName": model.name,
                "creationTime": model.created,
                "instructSupported": model.is_instruct_supported,
                "modelArchitecture": model.architecture,
            }
            for model in chosen
        ]
        return {"modelSummaries": summaries, "nextToken": token}

    def delete(self, call: Call) -> dict[str, Any]:
        model = self._find(call, "bedrock:DeleteImportedModel")
        self._models.remove(model.arn)
        self._serving.unload(Path(model.folder))
        shutil.rmtree(model.folder, ignore_errors=True)
        return {}

    def _find(self, call: Call, action: str) -> ImportedModel:
        return find(call, action, call.params["modelIdentifier"], self._models, "imported-model")


def owns(caller: Caller, record: ImportJob | ImportedModel) -> bool:
    return (record.account_id, record.region) == (caller.account_id, caller.region)


def named(records: Sequence[Owned], caller: Caller, name: str) -> Owned | None:
    return next((record for record in records if owns(caller, record) and record.name == name), None)


def find(call: Call, action: str, identifier: str, store: Records[Owned], resource: str) -> Owned:
    """The record of a name or an ARN; permission is checked on the ARN."""
    record = store.get(identifier) or named(store.all(), call.caller, identifier)
    prefix = f"arn:aws:bedrock:{call.caller.region}:{call.caller.account_id}:{resource}/"
    call.caller.require(
        action,
        record.arn if record else identifier if identifier.startswith("arn:") else prefix + identifier,
        {f"aws:ResourceTag/{key}": value for key, value in record.tags.items()} if record else {},
    )
    if record is None or not owns(call.caller, record):
        raise ServiceError("ResourceNotFoundException", f"The {resource} {identifier} does not exist.")
    return record
