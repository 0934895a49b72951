"""The functions' composition root, filled with fakes that store."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from lambdas import wiring
from lambdas.settings import Settings
from tests.support.objects import FakeObjects
from tests.support.operations import FakeOperations, FakeService
from tests.support.runs import SETTINGS


@dataclass
class World:
    """What stands behind the ports."""

    settings: Settings = field(default_factory=lambda: replace(SETTINGS))
    objects: FakeObjects = field(default_factory=FakeObjects)
    operations: FakeOperations = field(default_factory=FakeOperations)
    jobs: FakeService = field(default_factory=FakeService)
    now: int = 1_000


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which handlers find fakes."""
    world = World()
    monkeypatch.setattr(wiring, "settings", lambda: world.settings)
    monkeypatch.setattr(wiring, "objects", lambda: world.objects)
    monkeypatch.setattr(wiring, "operations", lambda: world.operations)
    monkeypatch.setattr(wiring, "training_jobs", lambda: world.jobs)
    monkeypatch.setattr(wiring, "now", lambda: world.now)
    return world
