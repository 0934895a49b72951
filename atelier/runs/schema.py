"""The run file's JSON Schema, for editors and for other tools that write run files."""

from __future__ import annotations

from typing import Any

from atelier.runs.model import Run


def run_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a run file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Run.model_json_schema()}
