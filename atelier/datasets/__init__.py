"""Datasets: whether a file is what its technique or task needs, before a job is paid for."""

from atelier.datasets.check import check, reported
from atelier.datasets.formats.names import Format
from atelier.datasets.report import Report
from atelier.datasets.rules.finding import Finding
from atelier.datasets.rules.requirements import Bound, Demands
from atelier.datasets.rules.rule import Rule
from atelier.datasets.rules.violation import Fault
from atelier.datasets.scan.part import Part

__all__ = [
    "Bound",
    "Demands",
    "Fault",
    "Finding",
    "Format",
    "Part",
    "Report",
    "Rule",
    "check",
    "reported",
]
