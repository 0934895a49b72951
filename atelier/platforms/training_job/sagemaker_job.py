"""Work as a SageMaker training job, whose recipe and data come by channels."""

from __future__ import annotations

from atelier.platforms.base import JobEnvironment, JobRequest, JobSpec
from atelier.platforms.container import INPUT, MODEL, OUTPUT, RESULTS, path_of
from atelier.platforms.training_job.request import channel, training_job_request
from atelier.recipes.document import dump

# Beyond its own limit a job waits for instances, starts its container and uploads what it made.
_QUEUE_SECONDS = 6 * 3600
# Formats of which SageMaker checks every row when the job is submitted (channel type Converse). AWS's guide
# shows the type for a distillation too, its SDK does not; prompts without an answer are safer unchecked.
_CHECKED_FORMATS = frozenset({"sft", "dpo"})


def job_on_sagemaker(spec: JobSpec, environment: JobEnvironment) -> JobRequest:
    """The request. Only AWS can read a distilled dataset: its address goes into the recipe, not a channel.

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
