"""Work as a SageMaker training job, whose recipe and data come by channels."""

from __future__ import annotations

from atelier import names
from atelier.platforms.container import INPUT, MODEL, OUTPUT, RESULTS, path_of
from atelier.platforms.job_spec import Rendering, Work
from atelier.platforms.training_job.request import JobEnvironment, channel, training_job_request
from atelier.recipes.render import document, dump

# Beyond its own limit a job waits for instances, starts its container and uploads what it made.
_QUEUE_SECONDS = 6 * 3600
# Formats of which SageMaker checks every row when the job is submitted (channel type Converse). AWS's guide
# shows the type for a distillation too, its SDK does not; prompts without an answer are safer unchecked.
_CHECKED_FORMATS = frozenset({"sft", "dpo"})


def job_on_sagemaker(work: Work, environment: JobEnvironment) -> Rendering:
    """The job. `made` data only AWS can read, so its address goes into the recipe and not into a channel.

    Source: Amazon Nova user guide, "Amazon Nova distillation".
    """
    recipe = work.recipe
    data_type = "Converse" if recipe.template.dataset in _CHECKED_FORMATS else "S3Prefix"
    channels = [channel(name, uri, s3_data_type=data_type) for name, uri in work.data.items()]
    model = work.model(environment.bucket)
    if work.has_open_weights:
        channels.append(channel(MODEL, model))
        model = f"{INPUT}/{MODEL}"
    filled = {
        "customer_bucket": f"s3://{environment.bucket}",
        "kms_key": environment.key_arn,
        "output_dir": RESULTS if work.evaluates else OUTPUT,
        **{f"{name}_file": path_of(name, uri) for name, uri in work.data.items()},
        **{f"{name}_folder": f"{INPUT}/{name}/" for name in work.data},
        **({"data_s3_path": work.made} if work.made else {}),
    }
    content = document(
        recipe, job_name=names.operation_name(work.run_id, work.step), model=model, given=filled
    )
    assert recipe.image is not None, f"{recipe.row.name} has no image on {recipe.platform}"
    request = training_job_request(
        run_id=work.run_id,
        step=work.step,
        recipe=recipe,
        document=content,
        image_uri=recipe.images.uri(recipe.image, environment.region),
        data=channels,
        output_prefix=work.output_prefix,
        max_runtime_hours=work.max_runtime_hours,
        environment=environment,
    )
    limit: int = request["StoppingCondition"]["MaxRuntimeInSeconds"]
    return Rendering(request=request, recipe=dump(content), seconds=limit + _QUEUE_SECONDS)
