"""A job on an EKS cluster: one request for submission, status and deletion."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from atelier.errors import RequestRefused
from atelier.platforms.eks.resources import CONFIG_MAP, Manifest, kind_of


@dataclass(frozen=True, kw_only=True)
class ClusterJob:
    """A job as the operations table stores it.

    `objects` are manifests in the order of their creation. The first is the job whose end counts, and the
    owner of the others. A job whose pods get no node within `start_within_seconds` fails for lack of
    capacity.
    """

    name: str
    cluster: str
    namespace: str
    output_s3_path: str
    start_within_seconds: int
    active_seconds: int
    objects: tuple[Manifest, ...]

    def to_request(self) -> dict[str, Any]:
        """JSON, for an operation's `request`."""
        return asdict(self) | {"objects": [copy.deepcopy(dict(manifest)) for manifest in self.objects]}

    @classmethod
    def from_request(cls, request: Mapping[str, Any]) -> ClusterJob:
        """The job that `to_request` wrote. RequestRefused for any other request."""
        try:
            return cls(**{**request, "objects": tuple(request["objects"])})
        except (KeyError, TypeError) as error:
            raise RequestRefused(f"the request is not a job of an EKS cluster: {error}") from error

    @property
    def main(self) -> Manifest:
        """The object whose end is the end of the job."""
        return self.objects[0]

    @property
    def recipe(self) -> str:
        """The recipes that the job's containers read, as YAML documents."""
        maps = (manifest for manifest in self.objects if kind_of(manifest) == CONFIG_MAP)
        return "---\n".join(text for one in maps if (text := one.get("data", {}).get("config.yaml")))

    @property
    def output_folder(self) -> str:
        """The URI of the job's output folder; ends in a slash."""
        return f"{self.output_s3_path.rstrip('/')}/{self.name}/"

    @property
    def manifest_uri(self) -> str:
        """The URI of the manifest that Nova's containers write (Amazon Nova user guide, HyperPod)."""
        return f"{self.output_folder}manifest.json"
