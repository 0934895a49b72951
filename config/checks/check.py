"""What a check of a cluster is: a demand, where it is from, and what finds the faults."""

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

Faults = Iterator[str]


@dataclass(frozen=True)
class Check:
    """One demand. `find` yields each fault of a cluster in a region as "field = value: accepted".

    A disputed one stands on sources that contradict each other, or on a single project's word: a cluster can
    override it.
    """

    name: str
    demands: str
    source: str
    is_disputed: bool
    find: Callable[[ClusterConfig, str], Faults]


def check(
    demands: str, source: str, *, is_disputed: bool = False
) -> Callable[[Callable[[ClusterConfig, str], Faults]], Check]:
    """Make a check, under the function's own name."""

    def make(find: Callable[[ClusterConfig, str], Faults]) -> Check:
        return Check(find.__name__.replace("_", "-"), demands, source, is_disputed, find)

    return make
