"""Findings of a dataset for a terminal: by rule, with the first examples."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich import filesize
from rich.console import Group, RenderableType
from rich.text import Text

from atelier.datasets import Finding, Report
from atelier.datasets.check import ALL_RULES
from atelier.datasets.leakage.leakage import LEAKAGE_RULES
from atelier.datasets.shapes.dialogue import CONVERTIBLE
from atelier.datasets.transform.columns import PLACED

EXAMPLES = 3
_RULES = {rule.name: rule for rule in (*ALL_RULES, *LEAKAGE_RULES, CONVERTIBLE, PLACED)}
_MARKS = {"refuse": ("✗", "red"), "warn": ("!", "yellow")}


def view(report: Report, *, examples: int = EXAMPLES) -> RenderableType:
    """One line for the file, then each broken rule: its requirement, and its first findings."""
    return Group(headline(report), *_rules(report, examples))


def headline(report: Report) -> Text:
    """The file in one line: its size, and the numbers of refusing and warning findings."""
    warned = report.total - report.refused
    counted = [_count(report.refused, "finding"), _count(warned, "warning")]
    counts = " and ".join(
        text for text, count in zip(counted, (report.refused, warned), strict=True) if count
    )
    mark = ("✓", "green") if report.is_valid else _MARKS["refuse"]
    return Text.assemble(
        mark,
        " ",
        (report.file, "bold"),
        f"  {_count(report.rows, 'row')}, {filesize.decimal(report.bytes)}: {counts or 'nothing found'}",
    )


def _rules(report: Report, examples: int) -> Iterator[Text]:
    by_rule = sorted(report.findings, key=lambda finding: finding.rule)
    found = {rule: list(findings) for rule, findings in groupby(by_rule, key=lambda finding: finding.rule)}
    for name in sorted(report.counts, key=lambda name: (_RULES[name].severity, -report.counts[name])):
        rule, count = _RULES[name], report.counts[name]
        mark, style = _MARKS[rule.severity]
        yield Text.assemble("\n", (f"{mark} {name}", style), f"  {count:,}  ", (rule.requirement, "dim"))
        shown = found.get(name, [])[:examples]
        yield from map(_example, shown)
        if count > len(shown):
            yield Text(f"  and {count - len(shown):,} more", style="dim")


def _example(finding: Finding) -> Text:
    line = f":{finding.line}" if finding.line else ""
    byte = f"  byte {finding.offset:,}" if finding.line else ""
    return Text.assemble(
        (f"  {finding.file}{line}", "bold"),
        (byte, "dim"),
        f"  {finding.at}" if finding.at else "",
        f"\n    found     {finding.found}\n    accepted  {finding.accepted}",
    )


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
