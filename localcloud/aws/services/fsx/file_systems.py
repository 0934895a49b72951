"""File systems: records with a folder each, which is what mounts of them would show."""

from __future__ import annotations

import secrets
import shutil
import time
from pathlib import Path
from typing import Any

from ministack.services import ec2

from localcloud.aws.services.authorization import Caller, tag_context
from localcloud.aws.services.fsx.records import Association, FileSystem
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Call, Operation
from localcloud.common.home import Home
from localcloud.common.service_error import ServiceError

TYPES = ("LUSTRE", "OPENZFS")


class FileSystems:
    """Create, describe, delete and tag file systems."""

    def __init__(
        self, home: Home, file_systems: Records[FileSystem], associations: Records[Association]
    ) -> None:
        self._home = home
        self._file_systems = file_systems
        self._associations = associations

    def by_name(self) -> dict[str, Operation]:
        return {
            "CreateFileSystem": self.create,
            "DescribeFileSystems": self.describe,
            "DeleteFileSystem": self.delete,
            "ListTagsForResource": self.list_tags,
        }

    def create(self, call: Call) -> dict[str, Any]:
        caller, request = call.caller, call.params
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        identifier = f"fs-{secrets.token_hex(9)[:17]}"
        arn = arn_of(caller, f"file-system/{identifier}")
        caller.require("fsx:CreateFileSystem", arn, tag_context(tags))
        if tags:
            caller.require("fsx:TagResource", arn, tag_context(tags))
        token = request.pop("ClientRequestToken", None)
        for existing in self._file_systems.all():
            if token and existing.request.get("ClientRequestToken") == token:
                return {"FileSystem": existing.description()}
        if request["FileSystemType"] not in TYPES:
            raise ServiceError(
                "BadRequest",
                f"FileSystemType {request['FileSystemType']}: the embedded cloud has {' and '.join(TYPES)}",
            )
        if request["FileSystemType"] == "OPENZFS" and "OpenZFSConfiguration" not in request:
            raise ServiceError("BadRequest", "OpenZFSConfiguration is required for OPENZFS")
        file_system = FileSystem(
            arn,
            caller.account_id,
            caller.region,
            request | ({"ClientRequestToken": token} if token else {}),
            time.time(),
            _vpc_of(caller, request["SubnetIds"]),
            # FSx gives eight such letters and digits.
            mount_name=secrets.token_hex(4),
        )
        folder_of(self._home, identifier).mkdir(parents=True)
        self._file_systems.put(arn, file_system)
        return {"FileSystem": file_system.description()}

    def describe(self, call: Call) -> dict[str, Any]:
        caller, requested = call.caller, call.params.get("FileSystemIds")
        if requested is None:
            caller.require("fsx:DescribeFileSystems", arn_of(caller, "file-system/*"))
            here = [
                each
                for each in self._file_systems.all()
                if (each.account_id, each.region) == (caller.account_id, caller.region)
            ]
            return {"FileSystems": [each.description() for each in here]}
        for identifier in requested:
            caller.require("fsx:DescribeFileSystems", arn_of(caller, f"file-system/{identifier}"))
        return {"FileSystems": [find(self._file_systems, caller, each).description() for each in requested]}

    def delete(self, call: Call) -> dict[str, Any]:
        identifier = call.params["FileSystemId"]
        call.caller.require("fsx:DeleteFileSystem", arn_of(call.caller, f"file-system/{identifier}"))
        file_system = find(self._file_systems, call.caller, identifier)
        for association in self._associations.all():
            if association.file_system_id == identifier:
                self._associations.remove(association.arn)
        self._file_systems.remove(file_system.arn)
        shutil.rmtree(folder_of(self._home, identifier), ignore_errors=True)
        return {"FileSystemId": identifier, "Lifecycle": "DELETING"}

    def list_tags(self, call: Call) -> dict[str, Any]:
        arn = call.params["ResourceARN"]
        call.caller.require("fsx:ListTagsForResource", arn)
        record = self._file_systems.get(arn) or self._associations.get(arn)
        if record is None:
            raise ServiceError("ResourceNotFound", f"{arn} does not exist.")
        tags = record.request.get("Tags")
        return {"Tags": tags} if tags else {}


def find(file_systems: Records[FileSystem], caller: Caller, identifier: str) -> FileSystem:
    """The caller's file system with an id. FileSystemNotFound without one."""
    found = file_systems.get(arn_of(caller, f"file-system/{identifier}"))
    if found is None:
        raise ServiceError("FileSystemNotFound", f"File system '{identifier}' does not exist.")
    return found


def folder_of(home: Home, identifier: str) -> Path:
    """What a mount of the file system shows."""
    return home.file_systems / identifier


def arn_of(caller: Caller, resource: str) -> str:
    return f"arn:aws:fsx:{caller.region}:{caller.account_id}:{resource}"


def _vpc_of(caller: Caller, subnet_ids: list[str]) -> str:
    for subnet_id in subnet_ids:
        subnet = ec2._subnets.get_scoped(caller.account_id, caller.region, subnet_id)
        if subnet is None:
            raise ServiceError("InvalidNetworkSettings", f"The subnet ID '{subnet_id}' does not exist")
        return str(subnet["VpcId"])
    raise ServiceError("InvalidNetworkSettings", "SubnetIds: at least one is needed")
