"""The folder /opt/ml of a SageMaker training container, wherever it is rooted.

Layout: docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html;
`escrow/` stands for the service-owned bucket that receives the weights of a Nova training (see
`manifest.json` in the job's output).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from localcloud.trainer.jobs.failures import JobFailed

CONTAINER_ROOT = PurePosixPath("/opt/ml")


@dataclasses.dataclass(frozen=True, slots=True)
class OptMl:
    """A job's inputs and outputs on disk."""

    root: Path

    @property
    def output_data(self) -> Path:
        return self.root / "output" / "data"

    def hyperparameters(self) -> dict[str, str]:
        path = self.root / "input" / "config" / "hyperparameters.json"
        try:
            values = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise JobFailed(f"hyperparameters.json cannot be read: {error}") from error
        return {str(name): str(value) for name, value in values.items()}

    def recipe_path(self, hyperparameters: Mapping[str, str]) -> Path:
        """The recipe's place in this folder; the hyperparameter names it as the container sees it."""
        named = hyperparameters.get("sagemaker_recipe_local_path")
        if named is None:
            raise JobFailed(
                "hyperparameter sagemaker_recipe_local_path is missing; it names the recipe under /opt/ml"
            )
        return self._inside(named, "hyperparameter sagemaker_recipe_local_path")

    def results_path(self, named: str) -> Path:
        """Where an evaluation of open weights leaves its results; the recipe names it as the container
        sees it."""
        return self._inside(named, "recipe: output.eval_results_dir")

    @property
    def model_channel(self) -> Path:
        """Open weights, where a job has them as files."""
        return self.root / "input" / "data" / "model"

    def channel(self, name: str) -> list[Path]:
        """The JSON Lines files of an input channel that must be there."""
        files = self.optional_channel(name)
        if not files:
            raise JobFailed(f"input channel {name!r} is missing or holds no .jsonl file")
        return files

    def optional_channel(self, name: str) -> list[Path]:
        return sorted((self.root / "input" / "data" / name).glob("**/*.jsonl"))

    def escrow_step(self, step: int) -> Path:
        return self.root / "escrow" / f"step_{step}"

    def escrow_steps(self) -> dict[int, Path]:
        """The checkpoints that are there, by step."""
        return {
            int(folder.name.removeprefix("step_")): folder for folder in (self.root / "escrow").glob("step_*")
        }

    def write_manifest(self, escrow_uri: str, step: int) -> None:
        """Say where the weights went, as Nova's containers do."""
        self.output_data.mkdir(parents=True, exist_ok=True)
        manifest = {"checkpoint_s3_bucket": f"{escrow_uri.rstrip('/')}/step_{step}"}
        (self.output_data / "manifest.json").write_text(json.dumps(manifest) + "\n")

    def write_failure(self, message: str) -> None:
        """Leave the message that DescribeTrainingJob shows as FailureReason."""
        path = self.root / "output" / "failure"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(message)

    def _inside(self, named: str, key: str) -> Path:
        """A path of the container's as a path in this folder."""
        path = PurePosixPath(named)
        if not path.is_relative_to(CONTAINER_ROOT) or ".." in path.parts:
            raise JobFailed(f"{key} must lie under {CONTAINER_ROOT}, got {named!r}")
        return self.root / path.relative_to(CONTAINER_ROOT)
