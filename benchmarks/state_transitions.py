"""What waiting costs: state transitions of a run whose job takes days against one whose job takes a minute.

Both runs are played on a simulated clock: the deployed state machine in the embedded cloud's interpreter, our
own `submit` and `settle`, and the schedule that looks at what is open every minute.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from benchmarks.fresh import REPOSITORY
from benchmarks.result import Result
from config.environments import LOCAL
from localcloud.common.home import cloud_python
from tests.support.synthesis import synthesise

MINUTE = 60
DAYS = 3 * 24 * 60 * MINUTE
LONGEST_SECONDS = 120


def measure() -> Result:
    """Transitions of the whole run with the long job; every one is billed."""
    with tempfile.TemporaryDirectory() as folder:
        synthesis = synthesise(LOCAL, Path(folder))
        (machine,) = synthesis.resources("AWS::StepFunctions::StateMachine")
        definition = synthesis.flat(machine["Properties"]["DefinitionString"])
    played = subprocess.run(
        [str(cloud_python()), "-m", "benchmarks.long_job"],
        input=json.dumps({"definition": definition, "job_seconds": [DAYS, MINUTE]}),
        cwd=REPOSITORY,
        env={**os.environ, "SFN_WAIT_SCALE": "0"},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    long, short = json.loads(played.stdout)
    return Result(
        name="state_transitions",
        unit="transitions",
        ours=long,
        reference=short,
        better="lower",
        promise="a job of three days costs no more transitions than one of a minute",
        kept=long == short,
    )
