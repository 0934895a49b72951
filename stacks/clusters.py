"""Every cluster of an environment: a stack each, of the kind that its orchestrator asks for.

On Slurm, homes have a stack of their own before it.
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
    """After the pipeline, whose functions each lets in: clusters come and go, the pipeline stays."""
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
                # Its queue and its objects have names: nothing of the pipeline is let in.
                SlurmClusterStack(
                    app,
                    environment=environment,
                    cluster=cluster,
                    network=network,
                    storage=storage,
                    homes=homes,
                )
