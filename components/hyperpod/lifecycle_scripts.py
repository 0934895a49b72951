"""The scripts that HyperPod runs on a node when it is created, replaced or patched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import CustomResource, Fn, Stack, aws_sagemaker as sagemaker
from constructs import Construct

from atelier import names
from components.artifact_bucket import ArtifactBucket
from components.hyperpod.custom_resources import CustomResources

LifeCycle = sagemaker.CfnCluster.ClusterLifeCycleConfigProperty

_ROOT = Path(__file__).resolve().parents[2]
FOLDER = _ROOT / "lifecycle"
_AGENT = _ROOT / "agents" / "slurm"
SUFFIXES = {".py", ".sh"}


def scripts_of(kind: str) -> dict[str, str]:
    """Text by path of the scripts in lifecycle/<kind>, and of those that every kind shares."""
    own = FOLDER / kind
    files = {path: path.relative_to(own) for path in own.rglob("*") if path.suffix in SUFFIXES}
    files |= {path: path.relative_to(FOLDER) for path in FOLDER.glob("*.sh")}
    return _texts(files)


def slurm_agent() -> dict[str, str]:
    """Text by path of the Slurm controller's agent, as the package `agent`."""
    return _texts({path: Path("agent", path.name) for path in _AGENT.iterdir() if path.suffix in SUFFIXES})


def _texts(files: Mapping[Path, Path]) -> dict[str, str]:
    return {str(name): path.read_text() for path, name in sorted(files.items(), key=lambda item: item[1])}


class LifecycleScripts(Construct):
    """`files` in S3 under a prefix that contains a hash of them.

    They may hold references, such as a queue's URL. CloudFormation compares only the S3 address: with an
    unchanged address, a changed script never reaches a node.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: ArtifactBucket,
        publisher: CustomResources,
        files: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        text = json.dumps(stack.resolve(dict(files)), sort_keys=True)
        content = hashlib.sha256(text.encode()).hexdigest()[:16]
        bucket.grant_publish_lifecycle_scripts(publisher.function)
        # A prefix of the cluster's own: deleting another cluster must not delete these scripts.
        owner = Fn.select(2, Fn.split("/", stack.stack_id))
        prefix = f"{names.LIFECYCLE_PREFIX}{owner}/{content}/"
        self.resource: CustomResource = publisher.resource(
            self, "Files", Bucket=bucket.bucket.bucket_name, Prefix=prefix, Files=dict(files)
        )
        self.address = f"s3://{bucket.bucket.bucket_name}/{prefix}"

    def on_create(self, entry: str) -> LifeCycle:
        """Run `entry` instead of HyperPod's own setup."""
        return LifeCycle(source_s3_uri=self.address, on_create=entry)

    def on_init_complete(self, entry: str) -> LifeCycle:
        """Run `entry` after HyperPod's own setup."""
        return LifeCycle(source_s3_uri=self.address, on_init_complete=entry)
