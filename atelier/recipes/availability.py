"""Where jobs run and models serve, as rows: platforms, deployment targets, instance types."""

from __future__ import annotations

from atelier.recipes.frozen import Frozen
from atelier.registry import PLATFORMS


class Availability(Frozen):
    """A platform or a deployment target of AWS's: what it is."""

    name: str
    is_managed: bool = False
    note: str


class Release(Frozen):
    """What exists on AWS and what this release of Atelier submits to."""

    techniques: tuple[str, ...]
    platforms: tuple[Availability, ...]
    deployment_targets: tuple[Availability, ...]

    @property
    def available_platforms(self) -> tuple[str, ...]:
        """What jobs can be submitted to."""
        return tuple(row.name for row in self.platforms if row.name in PLATFORMS)

    def is_managed(self, platform: str) -> bool:
        """True when the platform chooses its machines and reads no recipe file."""
        return any(row.is_managed for row in self.platforms if row.name == platform)


class InstanceType(Frozen):
    """What a job may run on, and what is rented with it.

    `efa_devices`: network interfaces of the Elastic Fabric Adapter, which a pod asks for like accelerators.
    """

    name: str
    accelerators: int
    efa_devices: int = 0
    accelerator_memory_gib: int
    vcpus: int
    source: str

    @property
    def cost(self) -> tuple[int, int]:
        """Orders instances by what they cost to rent, without a price."""
        return self.accelerator_memory_gib, self.vcpus
