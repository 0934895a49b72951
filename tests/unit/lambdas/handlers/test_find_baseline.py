"""State FindBaseline."""

from __future__ import annotations

from lambdas.handlers.find_baseline import handler
from tests.fixtures.handlers import World
from tests.fixtures.runs import RUN_ID, a_run


def test_the_first_run_is_compared_with_the_base_models_path(world: World) -> None:
    assert handler({"run_id": RUN_ID, "run": a_run()}, None) == {
        "baseline": {
            "source": "base-model",
            "model": "nova-micro/prod",
            "run_id": None,
            "model_arn": None,
        },
        "checkpoint": None,
    }
