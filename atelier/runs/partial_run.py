"""The readable parts of a run file: invalid fields do not hide other problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from atelier.runs.lenient_parse import read_valid_fields
from atelier.runs.model import Deployment, Evaluation, GateRule, Stage

_Part = TypeVar("_Part", bound=BaseModel)


@dataclass(frozen=True)
class PartialRun:
    """The readable stages, evaluations and gate rules by index; invalid fields have their defaults."""

    base_model: str | None
    continue_from: str | None
    stages: Mapping[int, Stage]
    stage_count: int
    evaluation: Mapping[int, Evaluation]
    evaluation_is_readable: bool
    gate: Mapping[int, GateRule]
    deployment: Deployment | None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> PartialRun:
        """Read each part on its own."""
        base_model, continue_from = data.get("base_model"), data.get("continue_from")
        evaluation = _readable(Evaluation, data.get("evaluation"))
        return cls(
            base_model=base_model if isinstance(base_model, str) else None,
            continue_from=continue_from if isinstance(continue_from, str) else None,
            stages=_readable(Stage, data.get("stages")),
            stage_count=len(_items(data.get("stages"))),
            evaluation=evaluation,
            evaluation_is_readable=len(evaluation) == len(_items(data.get("evaluation"))),
            gate=_readable(GateRule, data.get("gate")),
            deployment=_readable(Deployment, [data.get("deployment")]).get(0),
        )


def _readable(kind: type[_Part], items: object) -> dict[int, _Part]:
    readable = {}
    for index, item in enumerate(_items(items)):
        part = read_valid_fields(kind, item)
        if part is not None:
            readable[index] = part
    return readable


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
