"""Data repository associations: a prefix of a bucket, seen as a folder of a Lustre file system.

The folder is a link to where MiniStack keeps the bucket's objects, so what is put into S3 is there at once.
Nothing goes the other way: what is written below it is not in S3, whatever AutoExportPolicy says.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Any

from localcloud.aws.services.authorization import Caller, tag_context
from localcloud.aws.services.fsx.file_systems import arn_of, find, folder_of
from localcloud.aws.services.fsx.records import Association, FileSystem
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Call, Operation
from localcloud.common.home import Home
from localcloud.common.s3_folders import split
from localcloud.common.service_error import ServiceError


class Associations:
    """Create, describe and delete associations."""

    def __init__(
        self, home: Home, file_systems: Records[FileSystem], associations: Records[Association]
    ) -> None:
        self._home = home
        self._file_systems = file_systems
        self._associations = associations

    def by_name(self) -> dict[str, Operation]:
        return {
            "CreateDataRepositoryAssociation": self.create,
            "DescribeDataRepositoryAssociations": self.describe,
            "DeleteDataRepositoryAssociation": self.delete,
        }

    def create(self, call: Call) -> dict[str, Any]:
        caller, request = call.caller, call.params
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        file_system_id = request["FileSystemId"]
        arn = arn_of(caller, f"association/{file_system_id}/dra-{secrets.token_hex(9)[:17]}")
        caller.require("fsx:CreateDataRepositoryAssociation", arn, tag_context(tags))
        file_system = find(self._file_systems, caller, file_system_id)
        if file_system.request["FileSystemType"] != "LUSTRE":
            raise ServiceError("BadRequest", "Data repository associations are for Lustre file systems.")
        folder = self._folder(request)
        if os.path.lexists(folder):
            raise ServiceError("BadRequest", f"FileSystemPath {request['FileSystemPath']} is in use.")
        bucket, prefix = split(request["DataRepositoryPath"])
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.symlink_to(self._home.objects / caller.account_id / bucket / prefix.strip("/"))
        association = Association(arn, request, time.time())
        self._associations.put(arn, association)
        return {"Association": association.description()}

    def describe(self, call: Call) -> dict[str, Any]:
        caller, requested = call.caller, call.params.get("AssociationIds")
        caller.require("fsx:DescribeDataRepositoryAssociations", arn_of(caller, "association/*"))
        mine = [each for each in self._associations.all() if each.arn.startswith(arn_of(caller, ""))]
        of = {
            value
            for each in call.params.get("Filters", [])
            if each.get("Name") == "file-system-id"
            for value in each.get("Values", [])
        }
        found = [
            each
            for each in mine
            if (requested is None or each.id in requested) and (not of or each.file_system_id in of)
        ]
        return {"Associations": [each.description() for each in found]}

    def delete(self, call: Call) -> dict[str, Any]:
        association = self._find(call.caller, call.params["AssociationId"])
        call.caller.require("fsx:DeleteDataRepositoryAssociation", association.arn)
        self._folder(association.request).unlink(missing_ok=True)
        self._associations.remove(association.arn)
        return {"AssociationId": association.id, "Lifecycle": "DELETING"}

    def _folder(self, request: dict[str, Any]) -> Path:
        return folder_of(self._home, request["FileSystemId"]) / str(request["FileSystemPath"]).strip("/")

    def _find(self, caller: Caller, identifier: str) -> Association:
        for association in self._associations.all():
            if association.id == identifier and association.arn.startswith(arn_of(caller, "")):
                return association
        raise ServiceError("DataRepositoryAssociationNotFound", f"Association '{identifier}' does not exist.")
