"""Adapter of platform hyperpod-eks."""

from __future__ import annotations

from atelier.platforms.clusters import clusters_of_type
from atelier.platforms.eks.cluster import Cluster
from lambdas.adapters.eks_training_jobs import EksTrainingJobs
from lambdas.adapters.hyperpod_logs import HyperPodLogs
from lambdas.adapters.kubernetes.connect import namespace_client
from lambdas.adapters.platforms import AdapterContext


def training_jobs(context: AdapterContext) -> EksTrainingJobs:
    """A Kubernetes client for each cluster, which connects when it is first used."""
    clients = {
        cluster.name: namespace_client(
            cluster.name,
            cluster.namespace,
            session=context.session(),
            sagemaker=context.client("sagemaker"),
            eks=context.client("eks"),
            now=context.now,
        )
        for cluster in clusters_of_type(context.clusters, Cluster)
    }
    return EksTrainingJobs(clusters=clients, logs=context.client("logs"), now=context.now)


def job_logs(context: AdapterContext) -> HyperPodLogs:
    """CloudWatch Logs, to which the nodes send what pods print."""
    return HyperPodLogs(
        clusters=[cluster.name for cluster in clusters_of_type(context.clusters, Cluster)],
        sagemaker=context.client("sagemaker"),
        logs=context.client("logs"),
    )
