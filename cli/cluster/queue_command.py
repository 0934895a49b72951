"""`atelier queue`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import EnvironmentName

COLUMNS = ("job", "state", "Slurm", "nodes", "submitted (UTC)", "took", "loss", "reason")


def queue(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help="A cluster on Slurm, as configured.")],
    environment: EnvironmentName = "local",
    count: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="For a machine.")] = False,
) -> None:
    """List the latest jobs of a Slurm cluster, as its agent reported them."""
    import time

    from rich.table import Column, Table

    from atelier.platforms.slurm.cluster import SlurmCluster
    from cli import rendering
    from cli.cluster import queue as cluster_queue
    from cli.cluster.nodes import slurm_cluster
    from cli.console import out, wide
    from client.connection import clients, pipeline_outputs
    from config.environments import environment_named

    here = environment_named(environment)
    name = slurm_cluster(here, cluster).name
    client = clients(here)
    bucket = pipeline_outputs(client("cloudformation"), here)["BucketName"]
    queue = cluster_queue.ClusterQueue(s3=client("s3"), bucket=bucket, cluster=name)
    now = time.time()
    heartbeat, jobs = queue.heartbeat(now), queue.jobs(count)
    if as_json:
        typer.echo(cluster_queue.as_json(heartbeat, jobs))
        return
    if heartbeat.age_seconds is None:
        out.print("its agent has never been heard of", style="red")
    else:
        is_silent = heartbeat.age_seconds > SlurmCluster.silent_after_seconds or heartbeat.slurm != "up"
        age = rendering.duration(heartbeat.age_seconds)
        out.print(
            f"its agent was heard {age} ago, Slurm is {heartbeat.slurm}, jobs of ours: {heartbeat.jobs}",
            style="red" if is_silent else "dim",
        )
    if not jobs:
        out.print(f"no jobs on {name} yet")
        return
    table = Table(*(Column(title, no_wrap=True) for title in COLUMNS), box=None, pad_edge=False)
    for job in jobs:
        took = None if job.started_at is None else (job.ended_at or now) - job.started_at
        table.add_row(
            job.job,
            job.state,
            job.slurm_job_id or "",
            job.nodes,
            cluster_queue.clock(job.submitted_at),
            "" if took is None else rendering.duration(took),
            "" if job.loss is None else f"{job.loss:.3f}",
            job.reason,
        )
    wide.print(table)
