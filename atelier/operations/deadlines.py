"""Deadlines of operations, in seconds.

Deadlines of jobs come from the run file, those of deployments from their targets. The workflow's own
timeouts are longer.
"""

from __future__ import annotations

APPROVAL = 7 * 24 * 3600
