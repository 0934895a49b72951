"""Checks of clusters with restricted groups, which train Amazon Nova."""

from __future__ import annotations

from config.checks.check import NOVA, TERRAFORM, Violations, check
from config.cluster import ClusterConfig, EksOrchestrator, EndpointAccess
from config.file_systems import Lustre

REGIONS = ("us-east-1", "us-west-2", "eu-north-1", "eu-west-2", "ap-northeast-1")
KUBERNETES_VERSIONS = ("1.30", "1.31", "1.32")
EXCLUDED = (
    "continuous_provisioning",
    "karpenter",
    "tiered_storage_percent",
    "task_governance",
    "training_operator",
    "observability",
    "inference_operator",
)
THROUGHPUTS = (125, 250, 500, 1000)
LARGEST_GIB = 100_800


@check(
    "Restricted groups stand alone: no continuous provisioning, Karpenter, tiered storage, task governance, "
    "training operator, observability or inference operator.",
    TERRAFORM,
)
def restricted_stands_alone(cluster: ClusterConfig, _region: str) -> Violations:
    if not cluster.is_restricted:
        return
    for field in EXCLUDED:
        value = getattr(cluster, field)
        if value is not None and value is not False:
            yield f"{field} = {value!r}: not with restricted groups; remove it, or use a second cluster"


@check(
    f"Restricted groups exist in {', '.join(REGIONS)}.",
    "aws/sagemaker-hyperpod-cli release_v2, install_rig_dependencies.sh; the Nova guide names us-east-1",
    is_disputed=True,
)
def restricted_region(cluster: ClusterConfig, region: str) -> Violations:
    if cluster.is_restricted and region not in REGIONS:
        yield f"restricted_groups in {region}: known in {', '.join(REGIONS)}"


@check(
    f"Restricted groups run on Kubernetes {', '.join(KUBERNETES_VERSIONS)}.",
    "Two projects pin 1.32, one of them calls later versions unsupported",
    is_disputed=True,
)
def restricted_kubernetes_version(cluster: ClusterConfig, _region: str) -> Violations:
    if not cluster.is_restricted or not isinstance(cluster.orchestrator, EksOrchestrator):
        return
    version = cluster.orchestrator.kubernetes_version
    if version not in KUBERNETES_VERSIONS:
        yield f"orchestrator.kubernetes_version = {version!r}: accepted: {', '.join(KUBERNETES_VERSIONS)}"


@check(
    "SageMaker asks a restricted cluster's API from outside its network: its endpoint is public.",
    "One project's eighteen failed deployments (NotStabilized); hyperpod-eks-tf disagrees",
    is_disputed=True,
)
def restricted_endpoint(cluster: ClusterConfig, _region: str) -> Violations:
    if not cluster.is_restricted or not isinstance(cluster.orchestrator, EksOrchestrator):
        return
    access = cluster.orchestrator.endpoint_access
    if access is not EndpointAccess.PUBLIC:
        yield f"orchestrator.endpoint_access = {access.value}: restricted groups need public"


@check(
    "A file system has 1,200 GiB, or a multiple of 2,400 up to 100,800, and 125, 250, 500 or 1,000 MB/s for "
    "each TiB.",
    NOVA,
)
def lustre(cluster: ClusterConfig, _region: str) -> Violations:
    systems: dict[str, Lustre | None] = {"shared_lustre": cluster.shared_lustre}
    systems |= {f"group {group.name!r} lustre": group.lustre for group in cluster.restricted_groups}
    for field, system in systems.items():
        if system is None:
            continue
        size = system.size_gib
        if size != 1200 and (size % 2400 or not 2400 <= size <= LARGEST_GIB):
            yield f"{field}.size_gib = {size}: accepted: 1200, or a multiple of 2400 up to {LARGEST_GIB}"
        if system.throughput not in THROUGHPUTS:
            accepted = ", ".join(map(str, THROUGHPUTS))
            yield f"{field}.throughput = {system.throughput}: accepted: {accepted} MB/s a TiB"


@check(
    "Each restricted group has a file system, its own or the shared one; a standard cluster has neither.",
    NOVA,
)
def a_file_system_each(cluster: ClusterConfig, _region: str) -> Violations:
    if cluster.shared_lustre and not cluster.is_restricted:
        yield "shared_lustre: only restricted groups have a file system that HyperPod manages"
    for group in cluster.restricted_groups:
        if (group.lustre is None) == (cluster.shared_lustre is None):
            yield f"group {group.name!r} lustre: exactly one of its own and the cluster's shared_lustre"
