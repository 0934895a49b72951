"""The run file's JSON Schema, for editors and other tools that write run files.

`python -m atelier.runs.schema > docs/run.schema.json` publishes it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from atelier.runs.model import Run


def run_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a run file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Run.model_json_schema()}


if __name__ == "__main__":
    json.dump(run_schema(), sys.stdout, indent=2)
    sys.stdout.write("\n")
