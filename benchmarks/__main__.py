"""`python -m benchmarks [NAME …]`: one JSON line each; exit code 1 when a promise is broken or one failed."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks import (
    bundle_size,
    dataset_conversion,
    dataset_validation,
    handler_import,
    job_end_latency,
    slurm_submission,
    state_transitions,
    synth,
    validation_memory,
)
from benchmarks.result import Result
from localcloud.slurm.installation import SlurmMissing

BENCHMARKS: dict[str, Callable[..., Result]] = {
    "job_end_latency": job_end_latency.measure,
    "slurm_submission": slurm_submission.measure,
    "state_transitions": state_transitions.measure,
    "synth": synth.measure,
    "handler_import": handler_import.measure,
    "bundle_size": bundle_size.measure,
    "dataset_validation": dataset_validation.measure,
    "validation_memory": validation_memory.measure,
    "dataset_conversion": dataset_conversion.measure,
}


def main(names: Sequence[str], sizes: Mapping[str, Mapping[str, Any]] | None = None) -> int:
    """Run the named benchmarks, or all, each to its end; `sizes` are arguments of `measure` by name."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there is {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    return max([_run(name, (sizes or {}).get(name, {})) for name in names or BENCHMARKS])


def _run(name: str, size: Mapping[str, Any]) -> int:
    """Print the benchmark's line, or to standard error why there is none; 1 for a failure, else 0."""
    try:
        result = BENCHMARKS[name](**size)
    except SlurmMissing as missing:
        print(f"{name} is left out: {missing}", file=sys.stderr)
        return 0
    except (Exception, SystemExit):
        print(f"{name} failed: {traceback.format_exc()}", file=sys.stderr, flush=True)
        return 1
    print(result.to_json(), flush=True)
    if not result.kept:
        print(f"{name} breaks its promise: {result.promise}", file=sys.stderr)
    return int(not result.kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
