"""What waiting costs: state transitions of a run whose job takes days against one whose job takes a minute.

Both runs are played on a simulated clock: the deployed state machine in the embedded cloud's interpreter, our
own `submit` and `settle`, and the schedule that looks at what is open every minute.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app import build
from benchmarks.processes import output_of
from benchmarks.result import Result
from config.environments.local import LOCAL
from localcloud.common.home import cloud_python

MINUTE = 60
DAYS = 3 * 24 * 60 * MINUTE
LONGEST_SECONDS = 120


def measure(*, long_seconds: int = DAYS) -> Result:
    """Transitions of the whole run with the long job; every one is billed."""
    played = output_of(
        [str(cloud_python()), "-m", "benchmarks.long_job"],
        stdin=json.dumps({"definition": _definition(), "job_seconds": [long_seconds, MINUTE]}),
        environ={"SFN_WAIT_SCALE": "0"},
        timeout_seconds=LONGEST_SECONDS,
    )
    long, short = json.loads(played)
    return Result(
        name="state_transitions",
        unit="transitions",
        ours=long,
        reference=short,
        better="lower",
        promise="a job of three days costs no more transitions than one of a minute",
        kept=long == short,
    )


def _definition() -> str:
    """LOCAL's state machine; each function's ARN ends with the name of its handler module."""
    with tempfile.TemporaryDirectory() as folder:
        assembly = build(LOCAL, outdir=folder).synth()
        templates = [json.loads(Path(folder, stack.template_file).read_text()) for stack in assembly.stacks]
    resources = {name: resource for template in templates for name, resource in template["Resources"].items()}
    (machine,) = (
        resource for resource in resources.values() if resource["Type"] == "AWS::StepFunctions::StateMachine"
    )
    return _text(machine["Properties"]["DefinitionString"], resources)


def _text(value: Any, resources: Mapping[str, Any]) -> str:
    """A rendered value as text: only functions are distinguished, the run reaches nothing else by name."""
    match value:
        case str():
            return value
        case {"Fn::Join": [delimiter, parts]}:
            return str(delimiter).join(_text(part, resources) for part in parts)
        case {"Fn::GetAtt": [name, "Arn"]} if resources[name]["Type"] == "AWS::Lambda::Function":
            module = resources[name]["Properties"]["Handler"].split(".")[2]
            return f"arn:aws:lambda:{LOCAL.region}:{LOCAL.account}:function:{module}"
        case {"Ref": "AWS::Partition"}:
            return "aws"
    return "anything"
