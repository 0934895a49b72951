"""Compressed time: a rule with rate(1 minute) fires every two seconds.

cron() expressions keep real time.
"""

from __future__ import annotations

import os

from ministack.services import eventbridge

RATE_SCALE = 1 / 30
TICK_SECONDS = 0.25


def apply() -> None:
    scale = float(os.environ.get("ATELIER_RATE_SCALE", RATE_SCALE))
    parse = eventbridge._parse_rate_seconds

    def scaled(expression: str) -> float | None:
        seconds = parse(expression)
        return None if seconds is None else seconds * scale

    eventbridge._parse_rate_seconds = scaled
    eventbridge._SCHEDULER_TICK_INTERVAL = TICK_SECONDS


def stop() -> None:
    """Stop all rules: a function invoked while the cloud ends would outlive it."""
    eventbridge._tick_scheduled_rules = _fire_nothing


def _fire_nothing() -> None:
    pass
