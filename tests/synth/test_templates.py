"""Templates conform to CloudFormation's registry schemas."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.environments.local import LOCAL
from config.environments.prod import PROD
from config.environments.staging import STAGING
from tests.fixtures.synthesis import Synthesis

# W3005: CDK writes DependsOn where a reference implies it. W3010: zones are named on purpose.
# W6001: BucketName is an output of Pipeline although Storage has it: people and the CLI look in one stack.
IGNORED = ("W3005", "W3010", "W6001")


@pytest.mark.synth
def test_cfn_lint_has_nothing_to_say(rendered: Callable[[str], Synthesis]) -> None:
    """PROD's templates and those of other environments' different clusters: each takes seconds."""
    selected = [
        *rendered(PROD.name).folder.glob("*.template.json"),
        *rendered(STAGING.name).folder.glob("*-OpenWeightsCluster.template.json"),
        *rendered(LOCAL.name).folder.glob("*Cluster.template.json"),
    ]
    templates = sorted(map(str, selected))
    command = [
        str(Path(sys.executable).with_name("cfn-lint")),
        "--regions",
        PROD.region,
        "--ignore-checks",
        *IGNORED,
        "--template",
        *templates,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
