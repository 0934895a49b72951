"""AWS's requirements of HyperPod clusters, on EKS and Slurm, checked before deployment.

Each check is a function with its requirement and source; a test compares them with the table in
docs/clusters.md. AWS reports a wrong value half an hour into a deployment, which it then rolls back; a check
reports it at once.
"""

from __future__ import annotations

from config.checks import groups, placement, restricted, services, slurm
from config.cluster import ClusterConfig

CHECKS = (
    groups.names,
    groups.one_kind_of_group,
    groups.counts,
    groups.instance_types,
    groups.continuous_features,
    groups.taints,
    groups.training_plans,
    groups.single_values,
    restricted.restricted_stands_alone,
    restricted.restricted_region,
    restricted.restricted_kubernetes_version,
    restricted.restricted_endpoint,
    restricted.lustre,
    restricted.a_file_system_each,
    slurm.slurm_nodes,
    slurm.slurm_partitions,
    slurm.slurm_strategy,
    slurm.slurm_accounting,
    slurm.slurm_is_not_kubernetes,
    slurm.slurm_controller_stays,
    slurm.slurm_names,
    slurm.slurm_one_zone,
    slurm.slurm_file_systems,
    placement.zones,
    placement.addresses,
    services.kubernetes_version,
    services.a_node_without_taints,
    services.a_node_for_addons,
    services.governance_values,
    services.governance_promises,
    services.governance_region,
    services.budget,
)


def violations_of(cluster: ClusterConfig, region: str) -> list[str]:
    """Every violation by a cluster in a region, without the disputed checks that it overrides."""
    disputed = {check.name for check in CHECKS if check.is_disputed}
    violations = [
        f"overrides: {name!r}; accepted: {', '.join(sorted(disputed))}"
        for name in cluster.overrides
        if name not in disputed
    ]
    for check in CHECKS:
        if check.is_disputed and check.name in cluster.overrides:
            continue
        hint = f" (overrides: {check.name!r})" if check.is_disputed else ""
        violations += [violation + hint for violation in check.find(cluster, region)]
    return [f"cluster {cluster.name}: {violation}" for violation in violations]
