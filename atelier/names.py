"""Names of everything a run makes, derived from the run id and the step: a retried step finds its own work.

Limits (botocore): SageMaker TrainingJobName 1..63 `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`; Bedrock modelName and
modelDeploymentName 1..63 `([0-9a-zA-Z][_-]?){1,63}`, which forbids two hyphens in a row.
"""

from __future__ import annotations

import re

RUN_NAME_PATTERN = r"[a-z](-?[a-z0-9])*"
RUN_NAME_LENGTH = (3, 41)
RUN_ID_PATTERN = RUN_NAME_PATTERN + r"-\d{14}"

# Tags of everything that a run makes: they say whose it is before a name is trusted or a thing deleted.
RUN_TAG = "atelier:run_id"
STEP_TAG = "atelier:step"
# Of a cluster: what its budget counts.
CLUSTER_TAG = "atelier:cluster"

APPROVAL = "approval"
CUSTOM_MODEL = "model"
DEPLOYMENT = "deployment"
PROMOTION = "promotion"

# Partition of the operations table with the pointers of deployments; a run id ends in digits.
POINTERS = "deployments"

DATASETS_PREFIX = "datasets/"
RUNS_PREFIX = "runs/"
HUB_RECIPES_PREFIX = "hub-recipes/"
HUB_RECIPE_ADDRESS = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/hub-recipes/[0-9a-f]{64}\.json")
BASE_MODELS_PREFIX = "base-models/"
LIFECYCLE_PREFIX = "lifecycle/"
# Certificates of endpoints on a cluster (InferenceEndpointConfig, tlsCertificateOutputS3Uri).
CERTIFICATES_PREFIX = "certificates/"
# AmazonSageMakerFullAccess, too, lets a job invoke only functions with this word in their name.
REWARD_FUNCTION_PREFIX = "SageMaker"

_JOB_NAME = re.compile(rf"(?P<run_id>{RUN_ID_PATTERN})-(?P<step>s\d+|e\d+[cb])")


def stage_step(stage_index: int) -> str:
    """Step of training stage `stage_index` (from 0): `s0`."""
    return f"s{stage_index}"


def evaluation_step(evaluation_index: int, subject: str) -> str:
    """Step of evaluation `evaluation_index` (from 0) of the `candidate` (`e0c`) or the `baseline` (`e0b`)."""
    return f"e{evaluation_index}{subject[0]}"


def operation_name(run_id: str, step: str) -> str:
    """The SageMaker job name of a step, at most 63 characters for a valid run id."""
    return f"{run_id}-{step}"


def parse_job_name(job_name: str) -> tuple[str, str] | None:
    """(run id, step) of a job that Atelier started; None for any other job of the account."""
    match = _JOB_NAME.fullmatch(job_name)
    return (match["run_id"], match["step"]) if match else None


def custom_model_name(run_id: str) -> str:
    """Name of the Bedrock custom model that a run makes: one run, one model."""
    return run_id


def candidate_deployment_name(run_id: str) -> str:
    """Name of the temporary deployment on which a candidate is proven before it is promoted."""
    return run_id


def pointer_parameter(environment: str, deployment_name: str) -> str:
    """SSM parameter that names what serves under a deployment's name."""
    return f"/atelier/{environment}/deployments/{deployment_name}"


def dataset_key(sha256: str, file_name: str) -> str:
    """Key of an uploaded dataset: named by its content, so an upload is repeatable and never overwrites."""
    return f"{DATASETS_PREFIX}{sha256[:16]}/{file_name}"


def base_model_prefix(base_model: str) -> str:
    """Prefix of the files of a base model with open weights, which people put there once."""
    return f"{BASE_MODELS_PREFIX}{base_model}/"


def hub_recipe_key(sha256: str) -> str:
    """Key of a recipe of AWS's hub, as it was when a run was started with it."""
    return f"{HUB_RECIPES_PREFIX}{sha256}.json"


def run_key(run_id: str) -> str:
    """Key of the run file as submitted."""
    return f"{RUNS_PREFIX}{run_id}/run.json"


def plan_key(run_id: str) -> str:
    """Key of the run's plan: its stages and evaluations as ValidateRun resolved them."""
    return f"{RUNS_PREFIX}{run_id}/plan.json"


def validation_key(run_id: str, file_name: str) -> str:
    """Key of what validation found in the run's datasets, or of what its functions hand to each other."""
    return f"{RUNS_PREFIX}{run_id}/validation/{file_name}"


def recipe_key(run_id: str, step: str) -> str:
    """Key of the rendered recipe of a step; alone in its prefix because the recipe channel is a prefix."""
    return f"{RUNS_PREFIX}{run_id}/recipe/{step}/recipe.yaml"


def training_output_prefix(run_id: str) -> str:
    """Prefix under which SageMaker writes what a run's training jobs leave: `<prefix><job>/output/`."""
    return f"{RUNS_PREFIX}{run_id}/output/"


def evaluation_output_prefix(run_id: str) -> str:
    """Prefix under which SageMaker writes what a run's evaluation jobs leave."""
    return f"{RUNS_PREFIX}{run_id}/evaluation/"


def model_record_key(run_id: str) -> str:
    """Key of the record that ties a custom model to its checkpoint and metrics."""
    return f"{RUNS_PREFIX}{run_id}/model.json"


def report_key(run_id: str, file_name: str) -> str:
    """Key of a file of the run's report."""
    return f"{RUNS_PREFIX}{run_id}/report/{file_name}"
