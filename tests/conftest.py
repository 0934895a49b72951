"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# A deadline for each example is an assertion on the wall clock, which a busy machine fails.
settings.register_profile("atelier", deadline=None)
settings.load_profile("atelier")
