"""Work as a SageMaker training job, whose recipe and data come by channels."""

from __future__ import annotations

from atelier import names
from atelier.platforms.container import INPUT, MODEL, OUTPUT, RESULTS, path_of
from atelier.platforms.job_spec import JobRequest, JobSpec
from atelier.platforms.training_job.request import JobEnvironment, channel, training_job_request
from atelier.recipes.render import document, dump

# Beyond its own limit a job waits for instances, starts its container and uploads what it made.
_QUEUE_SECONDS = 6 * 3600
# Formats of which SageMaker checks every row when the job is submitted (channel type Converse). AWS's guide
# shows the type for a distillation too, its SDK does not; prompts without an answer are safer unchecked.
_CHECKED_FORMATS = frozenset({"sft", "dpo"})


def job_on_sagemaker(spec: JobSpec, environment: JobEnvironment) -> JobRequest:
    """The job. `made` data only AWS can read, so its address goes into the recipe and not into a channel.

    Source: Amazon Nova user guide, "Amazon Nova distillation".
    """
    recipe = spec.recipe
    data_type = "Converse" if recipe.template.dataset in _CHECKED_FORMATS else "S3Prefix"
    channels = [channel(name, uri, s3_data_type=data_type) for name, uri in spec.data.items()]
    model = spec.model(environment.bucket)
    if spec.has_open_weights:
        channels.append(channel(MODEL, model))
        model = f"{INPUT}/{MODEL}"
    filled = {
        "customer_bucket": f"s3://{environment.bucket}",
        "kms_key": environment.key_arn,
        "output_dir": RESULTS if spec.evaluates else OUTPUT,
        **{f"{name}_file": path_of(name, uri) for name, uri in spec.data.items()},
        **{f"{name}_folder": f"{INPUT}/{name}/" for name in spec.data},
        **({"data_s3_path": spec.distilled_dataset_uri} if spec.distilled_dataset_uri else {}),
    }
    content = document(
        recipe, job_name=names.operation_name(spec.run_id, spec.step), model=model, inputs=filled
    )
    assert recipe.image is not None, f"{recipe.row.name} has no image on {recipe.platform}"
    request = training_job_request(
        run_id=spec.run_id,
        step=spec.step,
        recipe=recipe,
        document=content,
        image_uri=recipe.images.uri(recipe.image, environment.region),
        data=channels,
        output_prefix=spec.output_prefix,
        max_runtime_hours=spec.max_runtime_hours,
        environment=environment,
    )
    limit: int = request["StoppingCondition"]["MaxRuntimeInSeconds"]
    return JobRequest(request=request, recipe=dump(content), seconds=limit + _QUEUE_SECONDS)
