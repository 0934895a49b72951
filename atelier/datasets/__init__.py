"""Datasets: checks of a file against its format and recipe, before a job is paid for."""

from atelier.datasets.check import check, reported
from atelier.datasets.formats.registry import Format
from atelier.datasets.lines.part import Part
from atelier.datasets.report import Report
from atelier.datasets.rules.finding import Finding, Rule, Violation
from atelier.datasets.rules.requirements import Bound, Requirements

__all__ = [
    "Bound",
    "Finding",
    "Format",
    "Part",
    "Report",
    "Requirements",
    "Rule",
    "Violation",
    "check",
    "reported",
]
