"""The file system that jobs of open weights share: claim, volume and linked prefixes."""

from __future__ import annotations

from typing import Any

from atelier import names
from atelier.platforms.eks.cluster import SharedStorage

CLAIM = "atelier-data"
MOUNT_PATH = "/data"
LINKS = {
    prefix: f"/{prefix.rstrip('/')}"
    for prefix in (names.DATASETS_PREFIX, names.BASE_MODELS_PREFIX, names.RUNS_PREFIX)
}
"""Paths below the file system's root by prefix; equal, so that one rule turns a URI into a path."""
WRITTEN = frozenset({names.RUNS_PREFIX})
"""Prefixes whose files are exported to the bucket."""


def shared_storage(bucket: str) -> SharedStorage:
    """The file system as jobs use it."""
    return SharedStorage(claim=CLAIM, mount_path=MOUNT_PATH, s3_uri=f"s3://{bucket}/")


def volume(
    namespace: str, *, file_system_id: str, dns_name: str, mount_name: str, size_gib: int
) -> list[dict[str, Any]]:
    """A volume for an existing FSx file system, and its only claim.

    Source: kubernetes-sigs/aws-fsx-csi-driver, static provisioning.
    """
    size = {"storage": f"{size_gib}Gi"}
    shape = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": CLAIM},
            "spec": {
                **shape,
                "capacity": size,
                "volumeMode": "Filesystem",
                # The stack owns the file system: deleting a claim deletes no data.
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": namespace, "name": CLAIM},
                "mountOptions": ["flock"],
                "csi": {
                    "driver": "fsx.csi.aws.com",
                    "volumeHandle": file_system_id,
                    "volumeAttributes": {"dnsname": dns_name, "mountname": mount_name},
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": CLAIM, "namespace": namespace},
            "spec": {**shape, "resources": {"requests": size}, "volumeName": CLAIM},
        },
    ]
