"""Settings of a training container besides its recipe: hyperparameters and file paths.

They are those that AWS's SageMaker Python SDK derives from the recipe (sagemaker-train 1.27.0,
sm_recipes/utils.py). `model_type` comes from version 2 of the SDK, so both generations of containers work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INPUT = "/opt/ml/input/data"
OUTPUT = "/opt/ml/model"
RESULTS = "/opt/ml/output/data"
RECIPE_FILE = f"{INPUT}/recipe/recipe.yaml"

TRAIN, VALIDATION, RECIPE, MODEL = "train", "validation", "recipe", "model"

# `run.model_type` of recipes that train open weights. Recipes that evaluate them, and the models, have none.
_OPEN_WEIGHTS = frozenset({"", "llm_finetuning_aws", "verl"})


def has_open_weights(model_type: str) -> bool:
    """True if the container reads and writes weights as files.

    Such a container has no settings besides its recipe.
    """
    return model_type in _OPEN_WEIGHTS


def path_of(channel: str, uri: str) -> str:
    """The path in the container of the file in an input channel."""
    return f"{INPUT}/{channel}/{uri.rpartition('/')[2]}"


def hyperparameters(recipe: Mapping[str, Any], *, role_arn: str) -> dict[str, str]:
    """The hyperparameters of a job whose container reads this recipe."""
    run, config = recipe["run"], recipe.get("training_config", {})
    values = {"sagemaker_recipe_local_path": RECIPE_FILE}
    if has_open_weights(run.get("model_type", "")):
        return values
    values["model_type"] = run["model_type"]
    model = run.get("model_name_or_path")
    if model:
        values["base_model_location" if model.startswith("s3://") else "base_model"] = model
    if run.get("reward_lambda_arn"):
        values["reward_lambda_arn"] = run["reward_lambda_arn"]
    if recipe.get("processor", {}).get("lambda_arn"):
        values["eval_lambda_arn"] = recipe["processor"]["lambda_arn"]
    if config.get("distillation_data"):
        values |= {
            "distillation_data": config["distillation_data"],
            "role_arn": role_arn,
            "kms_key": config["kms_key"],
        }
    return values
