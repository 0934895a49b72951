"""The two models that a run evaluates: candidate and baseline."""

from __future__ import annotations

CANDIDATE = "candidate"
BASELINE = "baseline"
