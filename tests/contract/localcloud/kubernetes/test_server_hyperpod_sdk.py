"""AWS's own HyperPod SDK against a cluster: its models refuse any field of ours that they do not know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.fixtures.kubernetes.clients import NAMESPACE, Api
from tests.fixtures.paths import ROOT

SDK = Path(sys.prefix) / "hyperpod-sdk"
SCRIPT = ROOT / "tests" / "fixtures" / "kubernetes" / "hyperpod_sdk.py"


def test_the_sdk_creates_follows_reads_and_deletes_a_job(api: Api, fresh: Callable[[str], str]) -> None:
    name = fresh("sdk")
    run = subprocess.run(
        [sys.executable, str(SCRIPT), name, NAMESPACE],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(api.server.home.root),
            "PYTHONPATH": str(SDK),
            "KUBECONFIG": str(api.kubeconfig),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])

    assert found["conditions"] == ["Created", "Succeeded"]
    assert name in found["listed"]
    assert found["got"] == name
    assert found["pods"] == [f"{name}-pod-0", f"{name}-pod-1"]
    assert "rank=1 sum=3" in found["log"]
    assert name not in found["left"]
