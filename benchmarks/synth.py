"""What our constructs cost: all stacks of PROD against an empty app that imports the same modules."""

from __future__ import annotations

import json
import sys

from benchmarks.fresh import best_of
from benchmarks.processes import output_of
from benchmarks.result import Result

ROUNDS = 3
MOST = 2.0

LIBRARIES = ("aws_cdk", "cdk_nag", "constructs")
OURS = """
import tempfile
from app import build
from config.environments.{module} import {environment}
with tempfile.TemporaryDirectory() as folder:
    build({environment}, outdir=folder).synth()
"""
FIRST = """
import json, sys, app
modules = [name for name in sys.modules if name.split(".")[0] in {libraries}]
{ours}
print(json.dumps(modules))
"""
REFERENCE = """
import importlib, tempfile
for module in {modules}:
    importlib.import_module(module)
from aws_cdk import App, Stack
with tempfile.TemporaryDirectory() as folder:
    app = App(outdir=folder)
    Stack(app, "Empty")
    app.synth()
"""


def measure(*, environment: str = "PROD", rounds: int = ROUNDS) -> Result:
    """Seconds to render every stack when the functions' bundles exist, as after a first synthesis."""
    code = OURS.format(environment=environment, module=environment.lower())
    ours, reference = best_of(rounds, code, REFERENCE.format(modules=_first(code)))
    return Result(
        name="synth",
        unit="s",
        ours=ours,
        reference=reference,
        better="lower",
        promise=f"at most {MOST} times an empty app with the same imports",
        kept=ours / reference <= MOST,
    )


def _first(code: str) -> list[str]:
    """Render once; the CDK modules that importing our app loads, without jsii's internal ones."""
    output = output_of([sys.executable, "-c", FIRST.format(libraries=LIBRARIES, ours=code)])
    modules: list[str] = json.loads(output.splitlines()[-1])
    return sorted(name for name in modules if not any(part.startswith("_") for part in name.split(".")))
