"""`atelier down`."""

from __future__ import annotations


def down() -> None:
    """Stop the embedded cloud; its state stays in .atelier/."""
    from cli.console import out
    from localcloud.control import down as stop

    out.print("embedded cloud stopped" if stop() else "no embedded cloud was running")
