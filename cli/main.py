"""`atelier`: from a run file to a customized model that serves, in the embedded cloud and on AWS."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from cli.commands import (
    approve,
    cdk,
    chat,
    data,
    demo,
    down,
    preflight,
    queue,
    recipes,
    reject,
    report,
    run,
    runs,
    shell,
    stop,
    up,
    validate,
    watch,
)
from cli.exit_codes import MEANINGS, ExitCode


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
app.add_typer(recipes.group, name="recipes")
app.add_typer(data.group, name="data")
for module in (
    up, down, validate, run, watch, runs, report, approve, reject, stop, chat, demo, preflight, queue, shell
):  # fmt: skip
    app.command()(getattr(module, module.__name__.rpartition(".")[2]))
app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(cdk.cdk)
