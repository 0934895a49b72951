"""The line as deployed into an embedded cloud, driven as its users drive it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

from atelier.operations.model import OperationState
from cli.run.start import start_run
from client.executions import Execution
from client.pipeline import PipelineClient

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "tool_calling"
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 300.0

T = TypeVar("T")


@dataclass(frozen=True)
class DeployedLine:
    """`line` is what the commands use; `client` makes boto3 clients as the account's root user."""

    line: PipelineClient
    client: Callable[[str], Any]
    folder: Path

    def start(self, document: Mapping[str, Any], *, run_id: str | None = None) -> str:
        """Start a run of this run file; its run id."""
        file = self.folder / f"{document['name']}.yaml"
        file.write_text(yaml.safe_dump(dict(document), sort_keys=False))
        return start_run(self.line, file, now=datetime.now(UTC), run_id=run_id).run_id

    def wait(self, run_id: str) -> Execution:
        """The run once it is over."""
        return eventually(
            lambda: self.line.executions.get(run_id), lambda run: run.is_over, f"run {run_id} to end"
        )

    def run(self, document: Mapping[str, Any]) -> Execution:
        """Start a run and wait for its end."""
        return self.wait(self.start(document))

    def wait_until_started(self, run_id: str, step: str) -> None:
        """Wait until the service has accepted the run's operation."""
        eventually(
            lambda: self.line.operations.get(run_id, step),
            lambda operation: operation is not None and operation.state is OperationState.STARTED,
            f"operation {step} of {run_id} to start",
        )

    def report(self, run_id: str) -> dict[str, Any]:
        """The run's report.json."""
        report: dict[str, Any] = json.loads(
            self.line.objects.read(self.line.uri(f"runs/{run_id}/report/report.json"))
        )
        return report

    def served(self) -> dict[str, set[str]]:
        """Names of everything Bedrock holds for us: what a run that is not promoted must leave as it was."""
        bedrock = self.client("bedrock")
        deployments = bedrock.list_custom_model_deployments()["modelDeploymentSummaries"]
        return {
            "models": {model["modelName"] for model in bedrock.list_custom_models()["modelSummaries"]},
            "deployments": {deployment["customModelDeploymentName"] for deployment in deployments},
        }

    def serving(self, deployment: str) -> str:
        """ARN of the model behind a deployment."""
        found = self.client("bedrock").get_custom_model_deployment(customModelDeploymentIdentifier=deployment)
        return str(found["modelArn"])

    def function_name(self, module: str) -> str:
        """Physical name of the deployed function of a handler module."""
        return next(
            str(function["FunctionName"])
            for page in self.client("lambda").get_paginator("list_functions").paginate()
            for function in page["Functions"]
            if function["Handler"] == f"lambdas.handlers.{module}.handler"
        )


def eventually(look: Callable[[], T], is_there: Callable[[T], bool], what: str) -> T:
    """`look` again and again until `is_there`; AssertionError with what was seen last when patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_there(seen := look()):
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:.0f} s for {what}; last seen: {seen}"
        time.sleep(POLL_SECONDS)
    return seen


def example(name: str) -> dict[str, Any]:
    """A run file of examples/tool_calling, its datasets by absolute path."""
    document: dict[str, Any] = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
    return {key: _with_absolute_paths(value) for key, value in document.items()}


def quick(name: str, **changes: Any) -> dict[str, Any]:
    """A run of one short SFT stage that nobody evaluates: for tests of the line and not of the model."""
    document = example("sft")
    stage = document["stages"][0]
    stage["train"] = stage.pop("validation")
    stage["hyperparameters"] = {**stage.get("hyperparameters", {}), "max_epochs": 1}
    return {"name": name, "base_model": document["base_model"], "stages": [stage], **changes}


def _with_absolute_paths(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_absolute_paths(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_absolute_paths(member) for member in value]
    if isinstance(value, str) and value.endswith(".jsonl"):
        return str((EXAMPLES / value).resolve())
    return value
