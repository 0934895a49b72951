"""The consoles: results go to standard output, messages about a failure to standard error."""

from __future__ import annotations

from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
# For tables of ids: one that is cut cannot be copied into the next command.
wide = Console(highlight=False, width=200)
