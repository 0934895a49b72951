"""The scripts that HyperPod runs on a node when it is made, replaced or patched."""

from __future__ import annotations

import hashlib
from pathlib import Path

from aws_cdk import CustomResource, Fn, Stack
from constructs import Construct

from atelier import names
from components.artifact_bucket import ArtifactBucket
from components.cluster.custom_resources import CustomResources

FOLDER = Path(__file__).resolve().parents[2] / "lifecycle" / "eks"
ENTRY = "on_create.sh"


class LifecycleScripts(Construct):
    """lifecycle/eks under a prefix that its content names.

    CloudFormation compares the address alone: behind the same one a changed script never reaches a node.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, bucket: ArtifactBucket, publisher: CustomResources
    ) -> None:
        super().__init__(scope, construct_id)
        files = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.sh"))}
        content = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:16]
        bucket.grant_publish_lifecycle_scripts(publisher.function)
        # The cluster's own prefix: another cluster's deletion must not take this one's scripts.
        owner = Fn.select(2, Fn.split("/", Stack.of(self).stack_id))
        prefix = f"{names.LIFECYCLE_PREFIX}{owner}/{content}/"
        self.resource: CustomResource = publisher.resource(
            self, "Files", Bucket=bucket.bucket.bucket_name, Prefix=prefix, Files=files
        )
        self.address = f"s3://{bucket.bucket.bucket_name}/{prefix}"
