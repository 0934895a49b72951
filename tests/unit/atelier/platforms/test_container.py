"""Settings of a container besides its recipe."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.platforms.container import hyperparameters, path_of

ROLE = "arn:aws:iam::111122223333:role/training"
RECIPE = {"sagemaker_recipe_local_path": "/opt/ml/input/data/recipe/recipe.yaml"}
NOVA = {"model_type": "amazon.nova-micro-v1:0:128k", "model_name_or_path": "nova-micro/prod"}
TOLD = RECIPE | {"model_type": NOVA["model_type"], "base_model": "nova-micro/prod"}
METRICS = "arn:aws:lambda:us-east-1:111122223333:function:SageMaker-metrics"


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ({"run": NOVA}, TOLD),
        ({"run": NOVA | {"reward_lambda_arn": ""}, "processor": {"lambda_arn": ""}}, TOLD),
        ({"run": NOVA, "processor": {"lambda_arn": METRICS}}, TOLD | {"eval_lambda_arn": METRICS}),
        ({"run": {"model_type": "verl", "reward_lambda_arn": METRICS}, "training_config": {}}, RECIPE),
        ({"run": {"model_name_or_path": "/opt/ml/input/data/model"}, "evaluation": {}}, RECIPE),
    ],
)
def test_a_container_is_told_what_awss_sdk_would_tell_it(
    recipe: dict[str, Any], expected: dict[str, str]
) -> None:
    assert hyperparameters(recipe, role_arn=ROLE) == expected


def test_a_channel_brings_a_file_under_its_own_name() -> None:
    assert path_of("train", "s3://bucket/datasets/0123/rows.jsonl") == "/opt/ml/input/data/train/rows.jsonl"
