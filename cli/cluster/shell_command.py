"""`atelier shell`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import EnvironmentName


def shell(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help="A cluster on Slurm, as configured.")],
    group: Annotated[
        str, typer.Argument(metavar="GROUP", help="An instance group; else the controller.")
    ] = "",
    environment: EnvironmentName = "dev",
    node: Annotated[str, typer.Option(metavar="ID", help="An instance's id; else the first that runs.")] = "",
) -> None:
    """Sign in to a node of a Slurm cluster by AWS Systems Manager."""
    import os

    from cli.cluster import nodes as cluster_nodes
    from cli.failure import CommandFailed
    from client.connection import clients, stack_outputs
    from config.environments import environment_named
    from config.environments.local import LOCAL

    here = environment_named(environment)
    config = cluster_nodes.slurm_cluster(here, cluster)
    group_name = cluster_nodes.group_of(config, group)
    if here is LOCAL:
        raise CommandFailed("the embedded cloud's nodes are this machine: there is nothing to sign in to")
    cluster_nodes.require_tools()
    client = clients(here)
    outputs = stack_outputs(client("cloudformation"), here, config.suffix)
    nodes = cluster_nodes.nodes_of(client("sagemaker"), outputs["ClusterName"])
    command = cluster_nodes.session_command(
        cluster_nodes.choose(nodes, group=group_name, instance_id=node),
        cluster_arn=outputs["ClusterArn"],
        document=outputs["SessionDocument"],
        region=here.region,
    )
    # In our place, not beside us: keys such as Ctrl-C are the session's.
    os.execvp(command[0], command)  # noqa: S606 (a list of arguments, no shell)
