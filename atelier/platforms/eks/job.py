"""A job on a cluster: everything that its submission, its waiting and its removal need, in one request."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from atelier.errors import RequestRefused
from atelier.platforms.eks.resources import CONFIG_MAP, Manifest, kind_of


@dataclass(frozen=True, kw_only=True)
class ClusterJob:
    """A job as the operations table keeps it.

    `objects` are manifests in the order of their creation; the first is the job whose end is waited for,
    and the owner of the rest. A job whose pods got no node for `start_within_seconds` has no capacity.
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
        """The job that `to_request` wrote. RequestRefused for the request of another service."""
        try:
            return cls(**{**request, "objects": tuple(request["objects"])})
        except (KeyError, TypeError) as error:
            raise RequestRefused(f"not a job of a cluster: {error}") from error

    @property
    def main(self) -> Manifest:
        """The object whose end is the job's."""
        return self.objects[0]

    @property
    def recipe(self) -> str:
        """The recipes that the job's containers read, as YAML documents."""
        maps = (manifest for manifest in self.objects if kind_of(manifest) == CONFIG_MAP)
        return "---\n".join(text for one in maps if (text := one.get("data", {}).get("config.yaml")))

    @property
    def output_folder(self) -> str:
        """What the job writes below its output; ends in a slash."""
        return f"{self.output_s3_path.rstrip('/')}/{self.name}/"

    @property
    def manifest_uri(self) -> str:
        """Where Nova's containers say what they made (Amazon Nova user guide, HyperPod)."""
        return f"{self.output_folder}manifest.json"
