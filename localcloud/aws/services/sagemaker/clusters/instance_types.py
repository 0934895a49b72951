"""What an instance of a type has, as far as schedulers ask for it.

Recorded, not provided: every node is this machine. Source: EC2's user guide (vCPUs, memory, GPUs) and
aws/sagemaker-hyperpod-recipes launcher/efa.py (EFA devices).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Capacity:
    """An instance's vCPUs, memory in GiB, GPUs and EFA devices."""

    vcpus: int
    memory_gib: int
    gpus: int = 0
    efa_devices: int = 0

    def allocatable(self) -> dict[str, str]:
        """As a Kubernetes node says it."""
        amounts = {"cpu": str(self.vcpus), "memory": f"{self.memory_gib}Gi"}
        if self.gpus:
            amounts["nvidia.com/gpu"] = str(self.gpus)
        if self.efa_devices:
            amounts["vpc.amazonaws.com/efa"] = str(self.efa_devices)
        return amounts


CAPACITIES = {
    "ml.t3.medium": Capacity(2, 4),
    "ml.t3.large": Capacity(2, 8),
    "ml.t3.xlarge": Capacity(4, 16),
    "ml.t3.2xlarge": Capacity(8, 32),
    "ml.c5.large": Capacity(2, 4),
    "ml.c5.xlarge": Capacity(4, 8),
    "ml.c5.2xlarge": Capacity(8, 16),
    "ml.c5.4xlarge": Capacity(16, 32),
    "ml.c5.9xlarge": Capacity(36, 72),
    "ml.c5.18xlarge": Capacity(72, 144),
    "ml.m5.large": Capacity(2, 8),
    "ml.m5.xlarge": Capacity(4, 16),
    "ml.m5.2xlarge": Capacity(8, 32),
    "ml.m5.4xlarge": Capacity(16, 64),
    "ml.m5.8xlarge": Capacity(32, 128),
    "ml.m5.12xlarge": Capacity(48, 192),
    "ml.r5.24xlarge": Capacity(96, 768),
    "ml.g5.4xlarge": Capacity(16, 64, 1),
    "ml.g5.12xlarge": Capacity(48, 192, 4, 1),
    "ml.g5.16xlarge": Capacity(64, 256, 1, 1),
    "ml.g5.24xlarge": Capacity(96, 384, 4, 1),
    "ml.g5.48xlarge": Capacity(192, 768, 8, 1),
    "ml.g6.12xlarge": Capacity(48, 192, 4, 1),
    "ml.g6.24xlarge": Capacity(96, 384, 4, 1),
    "ml.g6.48xlarge": Capacity(192, 768, 8, 1),
    "ml.g6e.12xlarge": Capacity(48, 384, 4, 1),
    "ml.g6e.24xlarge": Capacity(96, 768, 4, 2),
    "ml.g6e.48xlarge": Capacity(192, 1536, 8, 4),
    "ml.p4d.24xlarge": Capacity(96, 1152, 8, 4),
    "ml.p4de.24xlarge": Capacity(96, 1152, 8, 4),
    "ml.p5.48xlarge": Capacity(192, 2048, 8, 32),
    "ml.p5e.48xlarge": Capacity(192, 2048, 8, 32),
    "ml.p5en.48xlarge": Capacity(192, 2048, 8, 16),
}
