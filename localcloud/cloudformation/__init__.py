"""CloudFormation resource types that Atelier's stacks use and MiniStack lacks, or takes only in part.

Every type is backed by a record that the service's own API shows; none only pretends.
"""

from __future__ import annotations

from localcloud.cloudformation import carried_properties, ec2


def register() -> None:
    """Add the types and widen the ones that drop properties."""
    ec2.register()
    carried_properties.register()
