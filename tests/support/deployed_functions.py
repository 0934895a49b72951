"""Functions of a deployed line with other code: to die when a test wants it, or to try their rights."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from components.bundles import code_bundle
from tests.support.deployed_line import DeployedLine


@contextmanager
def handler_replaced(line: DeployedLine, module: str, source: str) -> Iterator[str]:
    """The deployed function with another handler, and with its own again afterwards; yields its name."""
    functions, name = line.client("lambda"), line.function_name(module)
    code = io.BytesIO(code_bundle().read_bytes())
    with zipfile.ZipFile(code, "a") as archive:
        archive.writestr("lambdas/handlers/replaced.py", source)
    functions.update_function_code(FunctionName=name, ZipFile=code.getvalue())
    functions.update_function_configuration(FunctionName=name, Handler="lambdas.handlers.replaced.handler")
    try:
        yield name
    finally:
        functions.update_function_configuration(
            FunctionName=name, Handler=f"lambdas.handlers.{module}.handler"
        )
        functions.update_function_code(FunctionName=name, ZipFile=code_bundle().read_bytes())


@contextmanager
def variables_replaced(line: DeployedLine, module: str, **changes: str) -> Iterator[dict[str, str]]:
    """The deployed function with other variables in its environment; yields those that it had."""
    functions, name = line.client("lambda"), line.function_name(module)
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": before | changes})
    try:
        yield before
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})


def invoke(line: DeployedLine, function_name: str, payload: object) -> Any:
    """What the deployed function answers, under its own role."""
    answer = line.client("lambda").invoke(FunctionName=function_name, Payload=json.dumps(payload).encode())
    content = answer["Payload"].read()
    assert "FunctionError" not in answer, content
    return json.loads(content)
