"""A job on a Slurm cluster, from whose fields the agent writes the sbatch script."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from atelier.errors import RequestRefused

SCHEMA_VERSION = 1
_UPLOAD_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Input:
    """An input of a job: an S3 object, or all objects below a URI with a final slash.

    `path` is its path in the recipe, inside the job's folder. `linked` is the path where the shared file
    system may already have it, or empty. The agent downloads inputs that are missing or incomplete there.
    """

    uri: str
    path: str
    linked: str = ""


@dataclass(frozen=True, kw_only=True)
class SlurmJob:
    """A job as the operations table stores it; `bundle` is its form for the agent.

    `recipe` is the recipe's YAML; `folder` is the job's folder on every node. The agent uploads the files in
    `output_path` below `output_s3_uri` (ends in a slash). A job that gets no nodes within
    `start_within_seconds` fails for lack of capacity.
    """

    name: str
    cluster: str
    run_id: str
    step: str
    partition: str
    nodes: int
    gpus_per_node: int
    efa_devices: int
    time_limit_minutes: int
    start_within_seconds: int
    image: str
    entry_module: str
    recipe: str
    folder: str
    data: tuple[Input, ...]
    model: Input
    output_path: str
    output_s3_path: str

    def to_request(self) -> dict[str, Any]:
        """JSON, for an operation's `request`."""
        return asdict(self) | {"data": [asdict(one) for one in self.data]}

    @classmethod
    def from_request(cls, request: Mapping[str, Any]) -> SlurmJob:
        """The job that `to_request` wrote. RequestRefused for any other request."""
        try:
            data = tuple(Input(**one) for one in request["data"])
            return cls(**{**request, "data": data, "model": Input(**request["model"])})
        except (KeyError, TypeError) as error:
            raise RequestRefused(f"the request is not a job of a Slurm cluster: {error}") from error

    @property
    def active_seconds(self) -> int:
        """The longest time in seconds from the job's submission to the end of its upload."""
        return self.start_within_seconds + 60 * self.time_limit_minutes + _UPLOAD_SECONDS

    @property
    def output_s3_uri(self) -> str:
        """The URI to which its output is uploaded; ends in a slash."""
        return f"{self.output_s3_path.rstrip('/')}/{self.name}/"

    def bundle(self) -> dict[str, Any]:
        """The job as the agent reads it. The agent refuses unknown fields."""
        return {
            "schema_version": SCHEMA_VERSION,
            "job": self.name,
            "run_id": self.run_id,
            "step": self.step,
            "partition": self.partition,
            "nodes": self.nodes,
            "gpus_per_node": self.gpus_per_node,
            "efa_devices": self.efa_devices,
            "time_limit_minutes": self.time_limit_minutes,
            "image": self.image,
            "entry_module": self.entry_module,
            "recipe": self.recipe,
            "folder": self.folder,
            "data": [asdict(one) for one in self.data],
            "model": asdict(self.model),
            "output": {"path": self.output_path, "s3_uri": self.output_s3_uri},
        }

    def bundle_bytes(self) -> bytes:
        """The bundle as canonical JSON: equal jobs have equal bytes."""
        return json.dumps(self.bundle(), sort_keys=True, separators=(",", ":")).encode()

    @property
    def bundle_sha256(self) -> str:
        """The SHA-256 of the bundle, which distinguishes different jobs of the same name."""
        return hashlib.sha256(self.bundle_bytes()).hexdigest()
