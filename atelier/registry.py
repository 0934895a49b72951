"""What is plugged in: the platforms and the deployment targets. Each registers here and nowhere else.

Rows hold module names, so that a function's cold start pays only for what its own run uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TRAINING_JOB = "training-job"
HYPERPOD_EKS = "hyperpod-eks"
HYPERPOD_SLURM = "hyperpod-slurm"

PLATFORMS: Mapping[str, str] = {
    TRAINING_JOB: "atelier.platforms.training_job.platform",
    HYPERPOD_EKS: "atelier.platforms.eks.platform",
    HYPERPOD_SLURM: "atelier.platforms.slurm.platform",
}
"""The module of each platform by name; it has the implementation as `PLATFORM`.

A job's operation has its platform's name as its kind.
"""

BEDROCK_ON_DEMAND = "bedrock-on-demand"
BEDROCK_IMPORT = "bedrock-import"


@dataclass(frozen=True)
class TargetRegistration:
    """A target's module, which has the implementation as `TARGET`, and the kinds of its operations.

    Kinds are stored in the operations table. Those of bedrock-on-demand are older than this registry; a new
    target's are `<target>/<step>`.
    """

    module: str
    kinds: tuple[str, ...]


TARGETS: Mapping[str, TargetRegistration] = {
    BEDROCK_ON_DEMAND: TargetRegistration(
        "atelier.targets.bedrock_on_demand", ("custom-model", "custom-model-deployment", "promotion")
    ),
    BEDROCK_IMPORT: TargetRegistration(
        "atelier.targets.bedrock_import",
        ("bedrock-import/import", "bedrock-import/warm-up", "bedrock-import/promotion"),
    ),
}
