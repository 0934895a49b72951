"""Datasets: whether a file is what its technique or task needs, before a job is paid for."""

from atelier.datasets.check import Format, check
from atelier.datasets.report import Finding, Report
from atelier.datasets.run_datasets import check_datasets

__all__ = ["Finding", "Format", "Report", "check", "check_datasets"]
