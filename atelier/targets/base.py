"""What a deployment target is: the protocol that each implements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from atelier.operations.model import Operation
from atelier.operations.ports import Operations
from atelier.storage import Objects
from atelier.targets.ports import Deployments


@dataclass(frozen=True, kw_only=True)
class TargetOperation:
    """One slow step of a deployment: its adapter submits `request` (JSON), which may take `seconds`."""

    step: str
    kind: str
    request: Mapping[str, Any]
    seconds: int


@dataclass(frozen=True)
class Reversal:
    """What rolling back left: deployments and models that are gone, and the ARN of the model brought back."""

    deleted: tuple[str, ...] = ()
    restored: str | None = None


class TargetEnvironment(Protocol):
    """What a deployed environment gives to its models (lambdas/settings.py implements it)."""

    @property
    def key_arn(self) -> str: ...
    @property
    def model_role_arn(self) -> str: ...
    @property
    def import_role_arn(self) -> str: ...


class Target(Protocol):
    """One place where models serve. Implementations are stateless; the adapter of the name makes the calls.

    A candidate is created, deployed beside what serves, proven through port Deployments (`converse`), and
    promoted behind the stable name; what was deployed beside is retired.
    """

    name: str
    idle_cost: str
    """What the target costs without calls, for people."""
    awaited: Mapping[str, str]
    """What a run waits for, by kind of operation, for people: "Bedrock to deploy the candidate"."""

    def require_room(self, *, deployments: Deployments) -> None:
        """CapacityUnavailable when the account takes no further model; called before anything is trained."""

    def create(
        self, run_id: str, *, checkpoint: str, environment: TargetEnvironment, objects: Objects
    ) -> TargetOperation:
        """Make a model from the candidate's checkpoint; the operation's result has `model_arn`.

        UnsupportedCombination when the target cannot serve what the checkpoint has.
        """

    def deploy(self, run_id: str, *, model_arn: str) -> TargetOperation:
        """Serve the candidate beside what serves now; the result has `deployment_arn`."""

    def promote(
        self,
        run_id: str,
        *,
        deployment_name: str,
        model_arn: str,
        compared_with: str | None,
    ) -> TargetOperation:
        """Serve the candidate under the stable name; the result has what it replaced.

        `compared_with` is the ARN of the model that the gate compared the candidate with, None for the base
        model. Its adapter raises Superseded when another model serves.
        """

    def retire(self, run_id: str, *, deployment_name: str, deployments: Deployments) -> list[str]:
        """Delete what is no longer needed after a promotion; returns what is gone."""

    def roll_back(
        self, run_id: str, rows: Mapping[str, Operation], *, operations: Operations, deployments: Deployments
    ) -> Reversal:
        """Bring back what served and delete what the run made; `rows` are its operations by step."""
