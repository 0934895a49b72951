"""Import jobs of Bedrock: they copy open weights, as far as the job's role may read them."""

from __future__ import annotations

import json
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localcloud.aws.services.authorization import Caller, ServiceRole, tag_context
from localcloud.aws.services.bedrock import pages
from localcloud.aws.services.bedrock.imported_models import find, named, owns
from localcloud.aws.services.bedrock.records import ImportedModel, ImportJob
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Call, Operation
from localcloud.common.endpoint import Endpoint
from localcloud.common.home import Home
from localcloud.common.s3_folders import download
from localcloud.common.service_error import ServiceError

logger = logging.getLogger("atelier.cloud")
PRINCIPAL = "bedrock.amazonaws.com"
CONCURRENT_JOBS = 1
IMPORTED_MODELS = 3
"""Default quotas of an account in a region."""

# Real weights are copied in milliseconds; what waits for a model must see one that is not there yet.
IMPORT_SECONDS = 0.5
ARCHITECTURES = ("LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM")
# Families for which Bedrock's documentation excludes Converse.
_WITHOUT_CONVERSE = ("Qwen2", "Qwen3", "GptOss")


class ImportJobs:
    """Create, get and list import jobs; each leaves an imported model."""

    def __init__(
        self,
        home: Home,
        endpoint: Endpoint,
        jobs: Records[ImportJob],
        models: Records[ImportedModel],
    ) -> None:
        self._home = home
        self._endpoint = endpoint
        self._jobs = jobs
        self._models = models
        for job in jobs.all():
            if job.status == "InProgress":
                self._end(job, "Failed", "the embedded cloud ended while the model was imported")

    def by_name(self) -> dict[str, Operation]:
        return {
            "CreateModelImportJob": self.create,
            "GetModelImportJob": self.get_job,
            "ListModelImportJobs": self.list_jobs,
        }

    def create(self, call: Call) -> dict[str, Any]:
        caller, request = call.caller, call.params
        number = secrets.token_hex(6)
        arn = f"arn:aws:bedrock:{caller.region}:{caller.account_id}:model-import-job/{number}"
        job_tags, model_tags = _tags(request, "jobTags"), _tags(request, "importedModelTags")
        caller.require("bedrock:CreateModelImportJob", "*", tag_context(job_tags))
        if job_tags:
            caller.require("bedrock:TagResource", arn, tag_context(job_tags))
        role = ServiceRole(request["roleArn"], caller.account_id)
        caller.require_pass_role(role.arn, PRINCIPAL)
        role.require_trust(PRINCIPAL, arn, caller.region)
        job = ImportJob(
            arn=arn,
            name=request["jobName"],
            account_id=caller.account_id,
            region=caller.region,
            role_arn=role.arn,
            source_uri=_source(request),
            model_name=request["importedModelName"],
            created=time.time(),
            token=request.get("clientRequestToken"),
            kms_key_arn=request.get("importedModelKmsKeyId"),
            tags=job_tags,
            model_tags=model_tags,
        )
        with self._jobs.lock:
            same_name = named(self._jobs.all(), caller, job.name)
            if same_name is not None:
                if job.token is not None and same_name.token == job.token:
                    return {"jobArn": same_name.arn}
                raise ServiceError(
                    "ConflictException", f"A job named {job.name} already exists: {same_name.arn}"
                )
            self._require_quota(caller, job)
            self._jobs.put(arn, job)
        threading.Thread(target=self._import, args=(job,), name=f"import-{number}", daemon=True).start()
        return {"jobArn": arn}

    def get_job(self, call: Call) -> dict[str, Any]:
        job = find(
            call, "bedrock:GetModelImportJob", call.params["jobIdentifier"], self._jobs, "model-import-job"
        )
        return {
            "jobArn": job.arn,
            "jobName": job.name,
            "importedModelName": job.model_name,
            "importedModelArn": job.model_arn,
            "roleArn": job.role_arn,
            "modelDataSource": {"s3DataSource": {"s3Uri": job.source_uri}},
            "status": job.status,
            "failureMessage": job.failure,
            "creationTime": job.created,
            "lastModifiedTime": job.ended or job.created,
            "endTime": job.ended,
            "importedModelKmsKeyArn": job.kms_key_arn,
        }

    def list_jobs(self, call: Call) -> dict[str, Any]:
        call.caller.require("bedrock:ListModelImportJobs")
        request = call.params
        found = [
            job
            for job in self._jobs.all()
            if owns(call.caller, job)
            and request.get("nameContains", "") in job.name
            and request.get("statusEquals", job.status) == job.status
            and pages.is_within(
                job.created, request.get("creationTimeAfter"), request.get("creationTimeBefore")
            )
        ]
        chosen, token = pages.page(found, request, lambda job: job.created)
        summaries = [
            {
                "jobArn": job.arn,
                "jobName": job.name,
                "status": job.status,
                "creationTime": job.created,
                "importedModelArn": job.model_arn,
                "importedModelName": job.model_name,
            }
            for job in chosen
        ]
        return {"modelImportJobSummaries": summaries, "nextToken": token}

    def _require_quota(self, caller: Caller, job: ImportJob) -> None:
        running = [one.name for one in self._jobs.all() if owns(caller, one) and one.status == "InProgress"]
        if len(running) >= CONCURRENT_JOBS:
            raise ServiceError(
                "ServiceQuotaExceededException",
                f"Concurrent model import jobs: the quota is {CONCURRENT_JOBS}; {', '.join(running)} runs",
            )
        models = [model for model in self._models.all() if owns(caller, model)]
        if len(models) >= IMPORTED_MODELS:
            raise ServiceError(
                "ServiceQuotaExceededException",
                f"Imported models per account: the quota is {IMPORTED_MODELS}, which is used",
            )
        if named(models, caller, job.model_name) is not None:
            raise ServiceError(
                "ConflictException", f"An imported model named {job.model_name} already exists."
            )

    def _import(self, job: ImportJob) -> None:
        """Copy the files, as far as the job's role may read them, and look at what they are."""
        time.sleep(IMPORT_SECONDS)
        number = secrets.token_hex(6)
        folder = self._home.models / number
        role = ServiceRole(job.role_arn, job.account_id)
        try:
            client = self._endpoint.client(role.session("import", job.region), "s3")
            download(client, f"{job.source_uri.rstrip('/')}/", folder)
            architecture = _architecture(folder)
        except ServiceError as error:
            self._give_up(job, folder, error.message)
            return
        except ClientError as error:
            self._give_up(job, folder, f"{job.role_arn} cannot read {job.source_uri}: {error}")
            return
        except Exception as error:
            logger.exception("import job %s", job.name)
            self._give_up(job, folder, f"internal error: {error}")
            return
        model = ImportedModel(
            arn=f"arn:aws:bedrock:{job.region}:{job.account_id}:imported-model/{number}",
            name=job.model_name,
            account_id=job.account_id,
            region=job.region,
            folder=str(folder),
            architecture=architecture,
            is_instruct_supported=_has_chat_template(folder)
            and not architecture.startswith(_WITHOUT_CONVERSE),
            source_uri=job.source_uri,
            job_arn=job.arn,
            job_name=job.name,
            created=time.time(),
            kms_key_arn=job.kms_key_arn,
            tags=job.model_tags,
        )
        self._models.put(model.arn, model)
        job.model_arn = model.arn
        self._end(job, "Completed", None)

    def _give_up(self, job: ImportJob, folder: Path, reason: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._end(job, "Failed", reason)

    def _end(self, job: ImportJob, status: str, failure: str | None) -> None:
        with self._jobs.lock:
            job.status, job.failure, job.ended = status, failure and failure[:2048], time.time()
            self._jobs.put(job.arn, job)


def _source(request: Mapping[str, Any]) -> str:
    return str(request["modelDataSource"]["s3DataSource"]["s3Uri"])


def _tags(request: Mapping[str, Any], member: str) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in request.get(member, [])}


def _architecture(folder: Path) -> str:
    """The model's class. ServiceError in the words in which a job fails."""
    file = folder / "config.json"
    if not file.exists():
        raise ServiceError("ValidationException", "config.json was not found at the root of the S3 URI")
    try:
        architectures = json.loads(file.read_text())["architectures"]
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError("ValidationException", f"config.json names no architectures: {error}") from error
    if not set(architectures) & set(ARCHITECTURES):
        raise ServiceError(
            "ValidationException",
            f"The model architecture {', '.join(map(str, architectures))} is not supported",
        )
    return str(architectures[0])


def _has_chat_template(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / "tokenizer_config.json").read_text()).get("chat_template"))
    except (OSError, ValueError, AttributeError):
        return False
