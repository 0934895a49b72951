"""The plan of a run: all stages and evaluations as ValidateRun resolved them.

It is stored as `runs/<run_id>/plan.json`; later states read it and resolve nothing again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier import names
from atelier.platforms.resolved_stage import ResolvedStage
from atelier.storage import Objects

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The resolved parts of a run. Evaluations of the base model load `base_model_path`."""

    base_model_path: str
    stages: tuple[ResolvedStage, ...]
    evaluations: tuple[ResolvedStage, ...]

    def to_json(self) -> dict[str, Any]:
        """The form of plan.json."""
        return {
            "version": VERSION,
            "base_model_path": self.base_model_path,
            "stages": [stage.to_json() for stage in self.stages],
            "evaluations": [evaluation.to_json() for evaluation in self.evaluations],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """The plan that `to_json` wrote."""
        return cls(
            base_model_path=data["base_model_path"],
            stages=tuple(map(ResolvedStage.from_json, data["stages"])),
            evaluations=tuple(map(ResolvedStage.from_json, data["evaluations"])),
        )


def write_plan(plan: Plan, run_id: str, *, objects: Objects, bucket: str) -> None:
    """Write plan.json. Equal plans have equal bytes."""
    body = json.dumps(plan.to_json(), ensure_ascii=False).encode()
    objects.write(_uri(run_id, bucket), body, content_type="application/json")


def read_plan(run_id: str, *, objects: Objects, bucket: str) -> Plan:
    """The plan of a run. FileNotFoundError for a run of a release without plans."""
    return Plan.from_json(json.loads(objects.read(_uri(run_id, bucket))))


def _uri(run_id: str, bucket: str) -> str:
    return f"s3://{bucket}/{names.plan_key(run_id)}"
