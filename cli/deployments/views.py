"""Deployments as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC

from rich.table import Column, Table

from client.deployments import Deployment

COLUMNS = ("deployment", "target", "status", "run", "before it", "since (UTC)", "cost without calls")


def table(deployments: Sequence[Deployment]) -> Table:
    """One line per deployment."""
    made = Table(*(Column(name, no_wrap=True) for name in COLUMNS), box=None, pad_edge=False)
    for one in deployments:
        made.add_row(
            one.name,
            one.target,
            one.status,
            one.run_id,
            one.previous_run_id or "-",
            one.since.astimezone(UTC).strftime("%Y-%m-%d %H:%M"),
            one.idle_cost,
        )
    return made


def as_json(deployments: Sequence[Deployment]) -> str:
    """A list of objects with the fields of `Deployment`; `since` is ISO 8601."""
    return json.dumps([asdict(one) | {"since": one.since.isoformat()} for one in deployments], indent=2)
