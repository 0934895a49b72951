"""The rendered workflow, read as a graph of states."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.synthesis import Synthesis


@dataclass(frozen=True)
class State:
    """A state; `inside` names the Map state whose items it works on."""

    name: str
    body: Mapping[str, Any]
    inside: str | None

    @property
    def invokes(self) -> str | None:
        """Module of the function that a Task invokes."""
        reference = self.body.get("Arguments", {}).get("FunctionName")
        return reference.rpartition(":")[2] if reference else None


def definition_text(synthesis: Synthesis) -> str:
    """The definition as Step Functions gets it, references replaced by ARNs that do not depend on hashes."""
    (machine,) = synthesis.resources("AWS::StepFunctions::StateMachine")
    return synthesis.flat(machine["Properties"]["DefinitionString"])


def states(synthesis: Synthesis) -> list[State]:
    """Every state, those inside Map states too."""
    return list(_states(json.loads(definition_text(synthesis)), inside=None))


def tasks(synthesis: Synthesis) -> list[State]:
    """Every state that calls something."""
    return [state for state in states(synthesis) if state.body["Type"] == "Task"]


def _states(machine: Mapping[str, Any], *, inside: str | None) -> Iterator[State]:
    for name, body in machine["States"].items():
        yield State(name, body, inside)
        if "ItemProcessor" in body:
            yield from _states(body["ItemProcessor"], inside=name)
