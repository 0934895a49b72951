"""A check of a cluster: a requirement, its source, and a function that finds violations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from config.cluster import ClusterConfig

CFN = "CloudFormation type AWS::SageMaker::Cluster"
GUIDE = "Amazon SageMaker AI guide, HyperPod with Amazon EKS"
NOVA = "Amazon Nova guide, HyperPod clusters for Nova"
SLURM_GUIDE = "Amazon SageMaker AI guide, HyperPod with Slurm"
SLURM_REFERENCE = "Amazon SageMaker AI guide, HyperPod references, API-driven Slurm configuration"
FSX = "Amazon FSx API reference, CreateFileSystem"
TERRAFORM = "awslabs/awsome-distributed-ai, hyperpod-eks-tf (rig_mode)"

Violations = Iterator[str]


@dataclass(frozen=True)
class Check:
    """One requirement, with its source and a function that finds violations.

    `find` yields each violation by a cluster in a region as "field = value: accepted". A disputed requirement
    has contradictory sources, or a single project as its source; a cluster can override it.
    """

    name: str
    requirement: str
    source: str
    is_disputed: bool
    find: Callable[[ClusterConfig, str], Violations]


def check(
    requirement: str, source: str, *, is_disputed: bool = False
) -> Callable[[Callable[[ClusterConfig, str], Violations]], Check]:
    """Turn a function into a check with the function's name."""

    def make(find: Callable[[ClusterConfig, str], Violations]) -> Check:
        return Check(find.__name__.replace("_", "-"), requirement, source, is_disputed, find)

    return make
