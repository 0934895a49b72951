"""The stacks of an environment's clusters: one each on EKS, two each on Slurm.

On Slurm, home directories have a stack of their own, on which the cluster's stack depends.
"""

from __future__ import annotations

from aws_cdk import App

from config.cluster import EksOrchestrator
from config.model import Environment
from config.slurm import SlurmOrchestrator
from stacks.eks_cluster import EksClusterStack
from stacks.network import NetworkStack
from stacks.pipeline import PipelineStack
from stacks.slurm_cluster import SlurmClusterStack
from stacks.slurm_homes import SlurmHomesStack
from stacks.storage import StorageStack


def cluster_stacks(
    app: App,
    *,
    environment: Environment,
    network: NetworkStack,
    storage: StorageStack,
    pipeline: PipelineStack,
) -> None:
    """Create the cluster stacks, which depend on the pipeline: they let its functions in."""
    for cluster in environment.clusters:
        match cluster.orchestrator:
            case EksOrchestrator():
                EksClusterStack(
                    app,
                    environment=environment,
                    cluster=cluster,
                    network=network,
                    storage=storage,
                    pipeline=pipeline,
                )
            case SlurmOrchestrator():
                homes = SlurmHomesStack(
                    app, environment=environment, cluster=cluster, network=network, storage=storage
                )
                # Independent of the pipeline, which uses the cluster's queue and objects by name.
                SlurmClusterStack(
                    app,
                    environment=environment,
                    cluster=cluster,
                    network=network,
                    storage=storage,
                    homes=homes,
                )
