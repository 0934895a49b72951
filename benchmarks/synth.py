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
from config.environments import {environment}
with tempfile.TemporaryDirectory() as folder:
    build({environment}, outdir=folder).synth()
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
    code = OURS.format(environment=environment)
    output_of([sys.executable, "-c", code])
    ours, reference = best_of(rounds, code, REFERENCE.format(modules=_modules_of_our_app()))
    return Result(
        name="synth",
        unit="s",
        ours=ours,
        reference=reference,
        better="lower",
        promise=f"at most {MOST} times an empty app with the same imports",
        kept=ours / reference <= MOST,
    )


def _modules_of_our_app() -> list[str]:
    """The CDK modules that importing our app loads, without jsii's internal ones."""
    code = (
        "import json, sys, app\n"
        f"print(json.dumps([name for name in sys.modules if name.split('.')[0] in {LIBRARIES!r}]))"
    )
    modules: list[str] = json.loads(output_of([sys.executable, "-c", code]))
    return sorted(name for name in modules if not any(part.startswith("_") for part in name.split(".")))
