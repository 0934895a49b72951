"""`atelier up`."""

from __future__ import annotations


def up() -> None:
    """Start the embedded cloud, or find the one that runs."""
    from cli.console import out
    from localcloud.control import up as start

    cloud = start()
    out.print(f"embedded cloud: {cloud.endpoint_url}", soft_wrap=True)
    out.print(f"log:            {cloud.log_file}", soft_wrap=True)
