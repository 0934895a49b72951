"""What a training container is told beside its recipe: hyperparameters, and where its files are.

As AWS's SageMaker Python SDK derives them from the recipe (sagemaker-train 1.27.0, sm_recipes/utils.py), with
hyperparameter `model_type` of its version 2, so that either generation of container finds what it reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INPUT = "/opt/ml/input/data"
OUTPUT = "/opt/ml/model"
RESULTS = "/opt/ml/output/data"
RECIPE_FILE = f"{INPUT}/recipe/recipe.yaml"

TRAIN, VALIDATION, RECIPE, MODEL = "train", "validation", "recipe", "model"

# `run.model_type` of recipes that train open weights; those that evaluate them have none, nor has the model.
_OPEN_WEIGHTS = frozenset({"", "llm_finetuning_aws", "verl"})


def has_open_weights(model_type: str) -> bool:
    """True where the container gets and leaves weights as files, and is told nothing but its recipe."""
    return model_type in _OPEN_WEIGHTS


def path_of(channel: str, uri: str) -> str:
    """Where the container finds the file that an input channel brings."""
    return f"{INPUT}/{channel}/{uri.rpartition('/')[2]}"


def hyperparameters(recipe: Mapping[str, Any], *, role_arn: str) -> dict[str, str]:
    """The hyperparameters of a job whose container reads this recipe."""
    run, config = recipe["run"], recipe.get("training_config", {})
    told = {"sagemaker_recipe_local_path": RECIPE_FILE}
    if has_open_weights(run.get("model_type", "")):
        return told
    told["model_type"] = run["model_type"]
    model = run.get("model_name_or_path")
    if model:
        told["base_model_location" if model.startswith("s3://") else "base_model"] = model
    if run.get("reward_lambda_arn"):
        told["reward_lambda_arn"] = run["reward_lambda_arn"]
    if recipe.get("processor", {}).get("lambda_arn"):
        told["eval_lambda_arn"] = recipe["processor"]["lambda_arn"]
    if config.get("distillation_data"):
        told |= {
            "distillation_data": config["distillation_data"],
            "role_arn": role_arn,
            "kms_key": config["kms_key"],
        }
    return told
