"""`atelier up`."""

from __future__ import annotations

from typing import Annotated

import typer


def up(
    with_slurm: Annotated[
        bool, typer.Option("--with-slurm", help="Run Slurm on its clusters, from now on in this home.")
    ] = False,
) -> None:
    """Start the embedded cloud, or find the one that runs."""
    from cli.console import out
    from localcloud.common.home import Home
    from localcloud.control import up as start
    from localcloud.slurm.setting import SlurmSetting

    slurm = SlurmSetting(Home.from_environ())
    if with_slurm:
        slurm.enable()
    cloud = start()
    out.print(f"embedded cloud: {cloud.endpoint_url}", soft_wrap=True)
    out.print(f"log:            {cloud.log_file}", soft_wrap=True)
    if slurm.is_on:
        clusters = ", ".join(f"{name}: {state}" for name, state in slurm.reported().items())
        out.print(f"slurm:          on ({clusters or 'no cluster yet'})", soft_wrap=True)
    else:
        out.print("slurm:          off (--with-slurm)", soft_wrap=True)
