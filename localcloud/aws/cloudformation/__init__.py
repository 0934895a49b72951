"""CloudFormation resource types that MiniStack lacks or supports in part.

Every type is backed by a record that the service's own API shows; none only pretends.
"""

from __future__ import annotations

from localcloud.aws.cloudformation import budgets, carried_properties, ec2, eks, fsx, sagemaker, ssm
from localcloud.aws.services.sagemaker.clusters.store import Clusters
from localcloud.aws.services.service import Service


def register(*, training: Service, clusters: Clusters, file_systems: Service, documents: Service) -> None:
    """Add the missing types, and extend those that drop properties."""
    ec2.register()
    eks.register_types()
    budgets.register_types()
    sagemaker.register_types(training, clusters)
    fsx.register_types(file_systems)
    ssm.register_types(documents)
    carried_properties.register()
