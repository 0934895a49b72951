"""What a cold start pays for our code: the slowest handler module against one SageMaker client."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.fresh import best_of, seconds
from benchmarks.processes import REPOSITORY
from benchmarks.result import Result

ROUNDS = 5
CANDIDATES = 3
REFERENCE = "import boto3; boto3.client('sagemaker', region_name='us-east-1')"
MOST = 1.25


def measure(*, modules: Sequence[str] = (), rounds: int = ROUNDS) -> Result:
    """Milliseconds to import the slowest of lambdas/handlers (or of `modules`), each in its own process."""
    imports = [f"import lambdas.handlers.{module}" for module in modules or _handlers()]
    slowest = sorted(imports, key=seconds)[-CANDIDATES:]
    reference, *ours = best_of(rounds, REFERENCE, *slowest)
    return Result(
        name="handler_import",
        unit="ms",
        ours=max(ours) * 1000,
        reference=reference * 1000,
        better="lower",
        promise=f"at most {MOST} times the import of boto3 and the making of one client",
        kept=max(ours) / reference <= MOST,
    )


def _handlers() -> list[str]:
    folder = REPOSITORY / "lambdas" / "handlers"
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
