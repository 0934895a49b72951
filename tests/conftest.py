"""What holds for every test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

# A deadline for each example is an assertion on the wall clock, which a busy machine fails.
settings.register_profile("atelier", deadline=None)
settings.load_profile("atelier")

pytest_plugins = (
    "tests.fixtures.cli",
    "tests.fixtures.embedded_cloud.plugin",
    "tests.fixtures.handlers",
    "tests.fixtures.kubernetes.plugin",
    "tests.fixtures.slurm.plugin",
)

SYSTEM = Path(__file__).parent / "system"


class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """A folder is one piece of work: its tests share servers, templates and compiled models."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling:
    """How `pytest -n` deals out tests: in the order of their collection, and not the fullest folder first."""
    config.option.loadscopereorder = False
    return FolderScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Side by side the system tests come first: they take longest, and would be waited for."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: SYSTEM not in item.path.parents)
