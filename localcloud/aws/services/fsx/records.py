"""Stored records of FSx: file systems and data repository associations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LUSTRE_VERSION = "2.15"


# Of CreateFileSystem's members that DescribeFileSystems gives back as they came.
KEPT_OF_LUSTRE = (
    "WeeklyMaintenanceStartTime",
    "DeploymentType",
    "PerUnitStorageThroughput",
    "DailyAutomaticBackupStartTime",
    "AutomaticBackupRetentionDays",
    "CopyTagsToBackups",
    "DataCompressionType",
    "EfaEnabled",
    "RootSquashConfiguration",
)


KEPT_OF_OPENZFS = (
    "AutomaticBackupRetentionDays",
    "CopyTagsToBackups",
    "CopyTagsToVolumes",
    "DeploymentType",
    "ThroughputCapacity",
    "WeeklyMaintenanceStartTime",
    "DiskIopsConfiguration",
)


@dataclass
class FileSystem:
    """One file system; `request` is CreateFileSystem's."""

    arn: str
    account_id: str
    region: str
    request: dict[str, Any]
    created: float
    vpc_id: str
    mount_name: str

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def dns_name(self) -> str:
        return f"{self.id}.fsx.{self.region}.amazonaws.com"

    def description(self) -> dict[str, Any]:
        """The file system in DescribeFileSystems' shape."""
        request = self.request
        described = {
            "OwnerId": self.account_id,
            "CreationTime": self.created,
            "FileSystemId": self.id,
            "FileSystemType": request["FileSystemType"],
            "Lifecycle": "AVAILABLE",
            "StorageType": request.get("StorageType", "SSD"),
            "VpcId": self.vpc_id,
            "SubnetIds": request["SubnetIds"],
            "DNSName": self.dns_name,
            "ResourceARN": self.arn,
            "Tags": request.get("Tags"),
            "StorageCapacity": request.get("StorageCapacity"),
            "KmsKeyId": request.get("KmsKeyId"),
        }
        if request["FileSystemType"] == "LUSTRE":
            lustre = request.get("LustreConfiguration", {})
            described["FileSystemTypeVersion"] = request.get("FileSystemTypeVersion", LUSTRE_VERSION)
            kept = {name: lustre[name] for name in KEPT_OF_LUSTRE if name in lustre}
            described["LustreConfiguration"] = kept | {"MountName": self.mount_name}
        else:
            zfs = request["OpenZFSConfiguration"]
            kept = {name: zfs[name] for name in KEPT_OF_OPENZFS if name in zfs}
            described["OpenZFSConfiguration"] = kept | {"RootVolumeId": f"fsvol-{self.id[3:]}"}
        return {name: value for name, value in described.items() if value is not None}


@dataclass
class Association:
    """One association; `request` is CreateDataRepositoryAssociation's."""

    arn: str
    request: dict[str, Any]
    created: float

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def file_system_id(self) -> str:
        return str(self.request["FileSystemId"])

    def description(self) -> dict[str, Any]:
        """The association in the API's shape."""
        request = {name: value for name, value in self.request.items() if name != "ClientRequestToken"}
        return request | {
            "AssociationId": self.id,
            "ResourceARN": self.arn,
            "Lifecycle": "AVAILABLE",
            "CreationTime": self.created,
        }
