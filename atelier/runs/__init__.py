"""The run file: what a person asks the line to do."""

from atelier.runs.checks.check_run import CheckedRun, check_run
from atelier.runs.model import Run
from atelier.runs.parse import parse_run

__all__ = ["CheckedRun", "Run", "check_run", "parse_run"]
