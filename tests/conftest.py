"""What holds for every test."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# A deadline for each example is an assertion on the wall clock, which a busy machine fails.
settings.register_profile("atelier", deadline=None)
settings.load_profile("atelier")

TESTS = Path(__file__).parent


# First: pytest-xdist reads the groups in the same hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Side by side, a folder is one piece of work: its tests share servers, templates and compiled models.

    The system tests come first, because they take longest: whatever came before them would be waited for.
    """
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.path.parent.relative_to(TESTS).as_posix()))
    items.sort(key=lambda item: TESTS / "system" not in item.path.parents)
