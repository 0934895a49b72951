"""State ValidateRun."""

from __future__ import annotations

import json

import pytest

from atelier.errors import UnsupportedCombination
from lambdas.handlers.validate_run import handler
from tests.fixtures.handlers import World
from tests.fixtures.runs import RUN_ID, a_run


def test_validate_run_returns_the_normalised_run_and_the_plan_as_json(world: World) -> None:
    result = json.loads(json.dumps(handler({"run_id": RUN_ID, "run": a_run()}, None)))
    assert result["stage_count"] == 1
    assert result["run"]["stages"][0]["max_runtime_hours"] == 24
    assert [item["subject"] for item in result["evaluations"]] == ["candidate", "baseline"]
    assert (result["approval_required"], result["deployment_wanted"], result["warnings"]) == (False, True, [])


def test_validate_run_refuses_what_the_environment_does_not_offer(world: World) -> None:
    with pytest.raises(UnsupportedCombination, match="base_model = 'atelier-tiny'"):
        handler({"run_id": RUN_ID, "run": a_run(base_model="atelier-tiny")}, None)
