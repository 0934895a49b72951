"""Amazon Bedrock: custom models from checkpoints and their deployments, imported models, and the runtime."""

from __future__ import annotations

from collections.abc import Callable

from localcloud.aws.services.bedrock.custom_models import CustomModels
from localcloud.aws.services.bedrock.deployments import Deployments
from localcloud.aws.services.bedrock.imported_models import ImportedModels
from localcloud.aws.services.bedrock.imports import ImportJobs
from localcloud.aws.services.bedrock.records import CustomModel, Deployment, ImportedModel, ImportJob
from localcloud.aws.services.bedrock.runtime import Runtime
from localcloud.aws.services.bedrock.serving import Serving
from localcloud.aws.services.bedrock.tags import Tags
from localcloud.aws.services.records import Records
from localcloud.aws.services.service import Service
from localcloud.common.endpoint import Endpoint
from localcloud.common.home import Home
from localcloud.common.programs import BaseModel, Programs


def start(
    home: Home, endpoint: Endpoint, programs: Programs, base_model: BaseModel
) -> tuple[Service, Service, Callable[[], None]]:
    """The control plane, the runtime, and a function that ends the serving processes."""
    models = Records(home.state / "custom-models", CustomModel)
    deployed = Records(home.state / "custom-model-deployments", Deployment)
    serving = Serving(programs)
    jobs = Records(home.state / "model-import-jobs", ImportJob)
    imported = Records(home.state / "imported-models", ImportedModel)
    imports = ImportJobs(home, endpoint, jobs, imported)
    imported_models = ImportedModels(imported, serving)
    custom_models = CustomModels(home, endpoint, models, deployed)
    deployments = Deployments(models, deployed, serving)
    control = Service(
        "bedrock",
        {
            **custom_models.by_name(),
            **deployments.by_name(),
            **imports.by_name(),
            **imported_models.by_name(),
            **Tags((models, deployed, jobs, imported)).by_name(),
        },
    )
    runtime = Service("bedrock-runtime", Runtime(base_model, deployed, imported, serving).by_name())
    return control, runtime, serving.close
