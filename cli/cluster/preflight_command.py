"""`atelier preflight`."""

from __future__ import annotations

import typer

from cli.options import EnvironmentName


def preflight(environment: EnvironmentName = "dev") -> None:
    """Ask AWS whether an environment's clusters can come up: quotas, zones, instances, roles, budget tag.

    Exits with 1 when something is missing.
    """
    from rich.table import Column, Table
    from rich.text import Text

    from cli.cluster.preflight import CheckResult, Preflight
    from cli.console import out, wide
    from cli.exit_codes import ExitCode
    from client.connection import clients
    from config.environments import environment_named
    from config.environments.local import LOCAL

    here = environment_named(environment)
    if here is LOCAL:
        out.print("the embedded cloud has room for every cluster: nothing to ask")
        return
    if not here.clusters:
        out.print(f"{environment} has no clusters: nothing to ask")
        return
    styles = {CheckResult.READY: "green", CheckResult.MISSING: "red", CheckResult.UNKNOWN: "yellow"}
    asking = Preflight(clients(here))
    answers = [answer for cluster in here.clusters for answer in asking.ask(cluster)]
    table = Table("cluster", "question", Column("answer", no_wrap=True), "detail", box=None, pad_edge=False)
    for answer in answers:
        answered = Text(answer.outcome, style=styles[answer.outcome])
        table.add_row(answer.cluster, answer.question, answered, Text(answer.detail))
    wide.print(table)
    if any(answer.outcome is CheckResult.MISSING for answer in answers):
        raise typer.Exit(ExitCode.FAILED)
