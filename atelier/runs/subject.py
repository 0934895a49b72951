"""The two models that a run evaluates side by side."""

from __future__ import annotations

CANDIDATE = "candidate"
BASELINE = "baseline"
