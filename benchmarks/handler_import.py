"""What a cold start pays for our code: the slowest handler module against one SageMaker client."""

from __future__ import annotations

from benchmarks.fresh import REPOSITORY, best_of, seconds
from benchmarks.result import Result

ROUNDS = 5
CANDIDATES = 3
REFERENCE = "import boto3; boto3.client('sagemaker', region_name='us-east-1')"
MOST = 1.25


def measure() -> Result:
    """Milliseconds to import the slowest of lambdas/handlers, each in a process of its own."""
    modules = sorted(
        path.stem for path in (REPOSITORY / "lambdas" / "handlers").glob("*.py") if path.stem != "__init__"
    )
    imports = [f"import lambdas.handlers.{module}" for module in modules]
    slowest = sorted(imports, key=seconds)[-CANDIDATES:]
    reference, *ours = best_of(ROUNDS, REFERENCE, *slowest)
    return Result(
        name="handler_import",
        unit="ms",
        ours=max(ours) * 1000,
        reference=reference * 1000,
        better="lower",
        promise=f"at most {MOST} times the import of boto3 and the making of one client",
        kept=max(ours) / reference <= MOST,
    )
