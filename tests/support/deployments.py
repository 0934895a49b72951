"""A fake of port Deployments that stores what serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from atelier.errors import ResourceInUse
from atelier.targets.ports import ServingModel


def model_arn(name: str) -> str:
    """ARN of a custom model, readable."""
    return f"arn:aws:bedrock:us-east-1:111122223333:custom-model/imported/{name}"


def says(text: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """A model that always answers the same."""
    return lambda _request: {"output": {"message": {"role": "assistant", "content": [{"text": text}]}}}


@dataclass
class FakeDeployments:
    """What serves, what there is and who made it, by name; `busy` refuses so many deletions of a model."""

    serving: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    makers: dict[str, str] = field(default_factory=dict)
    updating_to: dict[str, str] = field(default_factory=dict)
    answer: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field(default_factory=lambda: says("Hello."))
    busy: int = 0

    def serve(self, deployment: str, model: str, *, made_by: str = "") -> None:
        """Put a deployment of a model there, both made by a run (default: the model's name)."""
        self.serving[deployment] = model
        self.models.setdefault(model, made_by or model)
        self.makers[deployment] = made_by or model

    def serving_model(self, deployment_name: str) -> ServingModel | None:
        if deployment_name not in self.serving:
            return None
        name = self.serving[deployment_name]
        incoming = self.updating_to.get(deployment_name)
        return ServingModel(model_arn(name), name, model_arn(incoming) if incoming else None)

    def update(self, deployment_name: str, model_arn: str) -> None:
        if deployment_name in self.updating_to:
            raise ResourceInUse(f"{deployment_name} is taking another model")
        self.serving[deployment_name] = model_arn.rpartition("/")[2]

    def delete_deployment(self, deployment_name: str, *, run_id: str) -> None:
        if self.makers.get(deployment_name) == run_id:
            self.serving.pop(deployment_name, None)

    def delete_model(self, model_name: str, *, run_id: str) -> None:
        if self.busy or model_name in self.serving.values():
            self.busy = max(0, self.busy - 1)
            raise ResourceInUse(f"{model_name} is served")
        if self.models.get(model_name) == run_id:
            del self.models[model_name]

    def converse(self, deployment_arn: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.answer(request)
