"""The files that jobs of open weights share: a claim in their namespace, and what of the bucket it shows."""

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
"""Prefixes of the bucket by the same paths below the file system's root: one rule turns a URI into a path."""
WRITTEN = frozenset({names.RUNS_PREFIX})
"""What jobs leave there goes back to the bucket."""


def shared_storage(bucket: str) -> SharedStorage:
    """As jobs know it."""
    return SharedStorage(claim=CLAIM, mount_path=MOUNT_PATH, s3_uri=f"s3://{bucket}/")


def volume(
    namespace: str, *, file_system_id: str, dns_name: str, mount_name: str, size_gib: int
) -> list[dict[str, Any]]:
    """An FSx file system that is there already as a volume, and the one claim that may have it.

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
                # The file system is the stack's: a claim that goes takes nothing with it.
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
