"""Amazon Bedrock, as far as custom models from checkpoints, their deployments, and talking to them."""

from __future__ import annotations

from collections.abc import Callable

from localcloud.aws.services.bedrock.custom_models import CustomModels
from localcloud.aws.services.bedrock.deployments import Deployments
from localcloud.aws.services.bedrock.records import CustomModel, Deployment
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
    """The control plane, the runtime, and what ends the serving processes."""
    models = Records(home.state / "custom-models", CustomModel)
    deployed = Records(home.state / "custom-model-deployments", Deployment)
    serving = Serving(programs)
    custom_models = CustomModels(home, endpoint, models, deployed)
    deployments = Deployments(models, deployed, serving)
    control = Service(
        "bedrock",
        {**custom_models.by_name(), **deployments.by_name(), **Tags(models, deployed).by_name()},
    )
    runtime = Service("bedrock-runtime", Runtime(base_model, deployed, serving).by_name())
    return control, runtime, serving.close
