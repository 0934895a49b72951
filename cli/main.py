"""`atelier`: from a run file to a customized model that serves, in the embedded cloud and on AWS."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from cli.chat.command import chat
from cli.cluster.preflight_command import preflight
from cli.cluster.queue_command import queue
from cli.cluster.shell_command import shell
from cli.data import group as data
from cli.demo.command import demo
from cli.deployments.command import deployments
from cli.env.cdk_command import cdk
from cli.env.down_command import down
from cli.env.up_command import up
from cli.exit_codes import MEANINGS, ExitCode
from cli.recipes.command import group as recipes
from cli.run.approve_command import approve
from cli.run.reject_command import reject
from cli.run.report_command import report
from cli.run.run_command import run
from cli.run.runs_command import runs
from cli.run.stop_command import stop
from cli.run.validate_command import validate
from cli.run.watch_command import watch


class Commands(TyperGroup):
    """Every command fails with one message and an exit code that means something."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            from cli.failure import explain

            explained = explain(error)
            if explained is None:
                raise
            message, code = explained
            from cli.console import err

            err.print(message, style="red", markup=False, soft_wrap=True)
            raise typer.Exit(code) from error


_EXIT_CODES = (
    "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items()) + "."
)

app = typer.Typer(
    cls=Commands,
    help=f"{__doc__}\n\n{_EXIT_CODES}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(recipes, name="recipes")
app.add_typer(data, name="data")
for command in (
    up, down, validate, run, watch, runs, report, approve, reject, stop, deployments, chat, demo, preflight,
    queue, shell,
):  # fmt: skip
    app.command()(command)
app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(cdk)
