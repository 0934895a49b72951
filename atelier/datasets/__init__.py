"""Datasets: whether a file is what its technique or task needs, before a job is paid for."""

from atelier.datasets.check import check, reported
from atelier.datasets.demands import Bound, Demands
from atelier.datasets.fault import Fault
from atelier.datasets.finding import Finding
from atelier.datasets.formats import Format
from atelier.datasets.merge import merge
from atelier.datasets.part import Part
from atelier.datasets.report import Report
from atelier.datasets.rule import Rule
from atelier.datasets.scan import scan

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
    "merge",
    "reported",
    "scan",
]
