"""How long operations may take, in seconds; jobs have theirs in the run file, targets state their own.

The workflow's own timeouts are longer.
"""

from __future__ import annotations

APPROVAL = 7 * 24 * 3600
