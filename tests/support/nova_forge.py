"""AWS's validator of Nova datasets (Nova Forge SDK), and none of the rest of that SDK."""

from __future__ import annotations

import contextlib
import logging
import sys
import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import distribution
from io import StringIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from atelier.datasets import Format

_PACKAGE = "amzn_nova_forge"
_VALIDATORS = "amzn_nova_forge.dataset.dataset_validator"
_HEAVY = ("", ".core", ".dataset", ".dataset.dataset_validator")


@cache
def _import(module: str) -> Any:
    """A module of the SDK without what its packages import: the SageMaker SDK, pyarrow, a client of STS."""
    root = Path(str(distribution("amzn-nova-forge").locate_file(_PACKAGE)))
    for suffix in _HEAVY:
        name = _PACKAGE + suffix
        if name not in sys.modules:
            package = ModuleType(name)
            package.__path__ = [str(root.joinpath(*suffix.split(".")))]
            sys.modules[name] = package
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydantic's, about how the SDK is written
        return import_module(module)


def _validator(format_: Format) -> Any:
    model = _import(f"{_PACKAGE}.core.enums").Model.NOVA_LITE_2
    makers: dict[Format, Callable[[], Any]] = {
        Format.SFT: lambda: _import(f"{_VALIDATORS}.sft_dataset_validator").SFTDatasetValidator(),
        Format.CPT: lambda: _import(f"{_VALIDATORS}.cpt_dataset_validator").CPTDatasetValidator(),
        Format.RFT: lambda: _import(f"{_VALIDATORS}.rft_dataset_validator").RFTDatasetValidator(model),
        Format.GEN_QA: lambda: _import(f"{_VALIDATORS}.eval_dataset_validator").EvalDatasetValidator(),
    }
    return makers[format_]()


def refusal(format_: Format, rows: list[dict[str, Any]]) -> str | None:
    """Why Nova Forge refuses these rows for Nova 2 Lite; None when it does not."""
    validator = _validator(format_)
    # It makes a client whether or not there is media to fetch.
    _import(f"{_VALIDATORS}.dataset_validator").boto3 = SimpleNamespace(client=lambda *_, **__: None)
    logging.getLogger("nova_forge_sdk").setLevel(logging.ERROR)
    with contextlib.redirect_stdout(StringIO()):
        try:
            validator.validate(iter(rows), _import(f"{_PACKAGE}.core.enums").Model.NOVA_LITE_2)
        except ValueError as error:
            return str(error)
    return None
