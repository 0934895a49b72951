"""Rows of platforms, deployment targets and instance types."""

from __future__ import annotations

from atelier.recipes.frozen import Frozen
from atelier.registry import PLATFORMS


class Availability(Frozen):
    """A platform or a deployment target of AWS."""

    name: str
    is_managed: bool = False
    note: str


class Release(Frozen):
    """Techniques, platforms and targets that AWS has; properties say which of them this release uses."""

    techniques: tuple[str, ...]
    platforms: tuple[Availability, ...]
    deployment_targets: tuple[Availability, ...]

    @property
    def available_platforms(self) -> tuple[str, ...]:
        """The platforms that this release submits jobs to."""
        return tuple(row.name for row in self.platforms if row.name in PLATFORMS)

    def is_managed(self, platform: str) -> bool:
        """True when the platform chooses its own instances and reads no recipe file."""
        return any(row.is_managed for row in self.platforms if row.name == platform)


class InstanceType(Frozen):
    """An instance type with its accelerators and memory.

    `efa_devices`: network interfaces of the Elastic Fabric Adapter, which a pod requests like accelerators.
    """

    name: str
    accelerators: int
    efa_devices: int = 0
    accelerator_memory_gib: int
    vcpus: int
    source: str

    @property
    def cost(self) -> tuple[int, int]:
        """Sort key for relative cost, without a price: accelerator memory, then vCPUs."""
        return self.accelerator_memory_gib, self.vcpus
