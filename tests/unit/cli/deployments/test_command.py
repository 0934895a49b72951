"""`atelier deployments`."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from cli.exit_codes import ExitCode
from client.deployments import Deployment
from tests.fixtures.commands import atelier
from tests.fixtures.pipeline import FakePipeline

SERVING = Deployment(
    name="support-agent-open",
    target="bedrock-import",
    status="Active",
    model_id="arn:aws:bedrock:us-east-1:000000000000:imported-model/k3v9d0m2x7qa",
    run_id="tool-calling-20261123140500",
    previous_run_id=None,
    since=datetime(2026, 11, 23, 14, 9, tzinfo=UTC),
    idle_cost="storage",
)


def test_each_deployment_is_a_line_with_its_run_and_its_cost(pipeline: FakePipeline) -> None:
    pipeline.deployments.found = [SERVING]

    outcome = atelier("deployments")

    assert outcome.exit_code == ExitCode.OK, outcome.output
    head, line = outcome.stdout.splitlines()
    assert head.split()[:2] == ["deployment", "target"]
    assert line.split()[:5] == ["support-agent-open", "bedrock-import", "Active", SERVING.run_id, "-"]
    assert line.rstrip().endswith("2026-11-23 14:09  storage")


def test_json_has_every_field(pipeline: FakePipeline) -> None:
    pipeline.deployments.found = [SERVING]

    (found,) = json.loads(atelier("deployments", "--json").stdout)

    assert found["model_id"] == SERVING.model_id
    assert found["since"] == "2026-11-23T14:09:00+00:00"


def test_an_environment_without_deployments_says_so(pipeline: FakePipeline) -> None:
    assert atelier("deployments").stdout == "nothing is deployed in local yet\n"
