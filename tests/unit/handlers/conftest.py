"""The functions' composition root, filled with fakes that store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from atelier.operations.model import OperationKind
from lambdas import composition as wiring
from lambdas.settings import Settings
from tests.support.deployments import FakeDeployments
from tests.support.objects import FakeObjects
from tests.support.operations import FakeOperations, FakeService, FakeTokens
from tests.support.runs import SETTINGS


@dataclass
class FakeTrainingJobs(FakeService):
    """Port `TrainingJobs`: jobs that also log, though nothing here reads what."""

    def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterable[str]:
        return ()


@dataclass
class World:
    """What stands behind the ports."""

    settings: Settings = field(default_factory=lambda: replace(SETTINGS))
    objects: FakeObjects = field(default_factory=FakeObjects)
    operations: FakeOperations = field(default_factory=FakeOperations)
    platforms: dict[OperationKind, FakeTrainingJobs] = field(
        default_factory=lambda: {kind: FakeTrainingJobs() for kind in OperationKind if kind.is_job}
    )
    deployments: FakeDeployments = field(default_factory=FakeDeployments)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    services: dict[OperationKind, FakeService] = field(
        default_factory=lambda: {kind: FakeService() for kind in OperationKind if not kind.is_job}
    )
    now: int = 1_000

    def __post_init__(self) -> None:
        self.services |= self.platforms

    @property
    def jobs(self) -> FakeTrainingJobs:
        """SageMaker's training jobs."""
        return self.platforms[OperationKind.TRAINING_JOB]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which handlers find fakes."""
    world = World()
    monkeypatch.setattr(wiring, "settings", lambda: world.settings)
    monkeypatch.setattr(wiring, "objects", lambda: world.objects)
    monkeypatch.setattr(wiring, "operations", lambda: world.operations)
    monkeypatch.setattr(wiring, "jobs_of", world.platforms.__getitem__)
    monkeypatch.setattr(wiring, "deployments", lambda: world.deployments)
    monkeypatch.setattr(wiring, "task_tokens", lambda: world.tokens)
    monkeypatch.setattr(wiring, "service_of", world.services.__getitem__)
    monkeypatch.setattr(wiring, "now", lambda: world.now)
    return world
