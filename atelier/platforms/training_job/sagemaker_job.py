"""Render a job spec as a SageMaker training job with input channels for recipe and data."""

from __future__ import annotations

from atelier.platforms.base import JobEnvironment, JobRequest, JobSpec
from atelier.platforms.container import INPUT, MODEL, OUTPUT, RESULTS, path_of
from atelier.platforms.training_job.request import channel, training_job_request
from atelier.recipes.document import dump

# Time besides the job's own limit: waiting for instances, starting the container, uploading the output.
_QUEUE_SECONDS = 6 * 3600
# Formats whose rows SageMaker checks when the job is submitted (channel type Converse). For a distillation,
# AWS's guide uses this type and its SDK does not; Atelier does not, as its prompts may lack answers.
_CHECKED_FORMATS = frozenset({"sft", "dpo"})


def job_on_sagemaker(spec: JobSpec, environment: JobEnvironment) -> JobRequest:
    """The job request. A distilled dataset goes into the recipe, not a channel: only AWS can read it.

    Source: Amazon Nova user guide, "Amazon Nova distillation".
    """
    stage = spec.stage
    data = stage.data
    data_type = "Converse" if stage.dataset_format in _CHECKED_FORMATS and not stage.evaluates else "S3Prefix"
    channels = [channel(name, uri, s3_data_type=data_type) for name, uri in data.items()]
    model = spec.model(environment.bucket)
    if stage.has_open_weights:
        channels.append(channel(MODEL, model))
        model = f"{INPUT}/{MODEL}"
    inputs = {
        "customer_bucket": f"s3://{environment.bucket}",
        "kms_key": environment.key_arn,
        "output_dir": RESULTS if stage.evaluates else OUTPUT,
        **{f"{name}_file": path_of(name, uri) for name, uri in data.items()},
        **{f"{name}_folder": f"{INPUT}/{name}/" for name in data},
        **({"data_s3_path": spec.distilled_dataset_uri} if spec.distilled_dataset_uri else {}),
    }
    content = stage.document(job_name=spec.name, model=model, inputs=inputs)
    request = training_job_request(spec, document=content, data=channels, environment=environment)
    limit: int = request["StoppingCondition"]["MaxRuntimeInSeconds"]
    return JobRequest(request=request, recipe=dump(content), seconds=limit + _QUEUE_SECONDS)
