"""The container images the embedded cloud can run: Amazon Nova's, for training jobs (docs of Nova customization).

Each stands for the same program here, which reads from the recipe what to do, as Nova's containers do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REGISTRIES = {
    "us-east-1": "708977205387",
    "us-west-2": "176779409107",
    "ap-northeast-1": "878185805882",
}
REPOSITORIES = (
    "nova-fine-tune-repo:SM-TJ-SFT-latest",
    "nova-fine-tune-repo:SM-TJ-SFT-V2-latest",
    "nova-fine-tune-repo:SM-TJ-DPO-latest",
    "nova-evaluation-repo:SM-TJ-Eval-V2-latest",
)


@dataclass(frozen=True)
class Program:
    """What runs in place of an image: the container's process, and what makes the weights an image brings."""

    container: str = "localcloud.jobs.container"
    base_model: str = "localcloud.model.make_base"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Program:
        """The services' own tests run a scripted program in its place."""
        return cls(
            container=environ.get("ATELIER_CONTAINER_MODULE", cls.container),
            base_model=environ.get("ATELIER_BASE_MODEL_MODULE", cls.base_model),
        )


def known(region: str) -> list[str]:
    """The image URIs of a region."""
    registry = f"{REGISTRIES[region]}.dkr.ecr.{region}.amazonaws.com" if region in REGISTRIES else ""
    return [f"{registry}/{repository}" for repository in REPOSITORIES] if registry else []
