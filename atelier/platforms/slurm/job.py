"""A job on a Slurm cluster: typed fields only, from which the cluster's agent writes the script."""

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
    """What a job reads: an object, or everything below a URI that ends in a slash.

    `path` is where the recipe names it, in the job's folder; `linked` where the shared file system may show
    it already, else empty: the agent downloads what is not there whole.
    """

    uri: str
    path: str
    linked: str = ""


@dataclass(frozen=True, kw_only=True)
class SlurmJob:
    """A job as the operations table keeps it, and as its bundle tells the agent.

    `recipe` is the recipe's YAML; `folder` the job's own on every node. What the container leaves in
    `output_path` is uploaded below `output_s3_uri` (ends in a slash). A job that waits for nodes longer than
    `start_within_seconds` has no capacity.
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
        """The job that `to_request` wrote. RequestRefused for the request of another service."""
        try:
            data = tuple(Input(**one) for one in request["data"])
            return cls(**{**request, "data": data, "model": Input(**request["model"])})
        except (KeyError, TypeError) as error:
            raise RequestRefused(f"not a job of a Slurm cluster: {error}") from error

    @property
    def active_seconds(self) -> int:
        """How long it may take from its submission to the last byte of its output."""
        return self.start_within_seconds + 60 * self.time_limit_minutes + _UPLOAD_SECONDS

    @property
    def output_s3_uri(self) -> str:
        """Where its output is uploaded; ends in a slash."""
        return f"{self.output_s3_path.rstrip('/')}/{self.name}/"

    def bundle(self) -> dict[str, Any]:
        """What the agent reads; it refuses fields that it does not know."""
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
        """The bundle's object, the same bytes for the same job."""
        return json.dumps(self.bundle(), sort_keys=True, separators=(",", ":")).encode()

    @property
    def bundle_sha256(self) -> str:
        """Tells the same work from other work under one name."""
        return hashlib.sha256(self.bundle_bytes()).hexdigest()
