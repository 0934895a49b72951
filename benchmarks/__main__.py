"""`python -m benchmarks [NAME …]`: one JSON line each; exit code 1 when a promise is broken."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

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

BENCHMARKS: dict[str, Callable[[], Result]] = {
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


def main(names: Sequence[str]) -> int:
    """Run the named benchmarks, or all."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there is {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    broken = 0
    for name in names or BENCHMARKS:
        try:
            result = BENCHMARKS[name]()
        except SlurmMissing as missing:
            print(f"{name} is left out: {missing}", file=sys.stderr)
            continue
        print(result.to_json(), flush=True)
        if not result.kept:
            broken += 1
            print(f"{name} breaks its promise: {result.promise}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
