"""docs/datasets.md tells every rule in the words that findings and code use."""

from __future__ import annotations

import pytest

from atelier.datasets import Format, Rule
from atelier.datasets.check import ALL_RULES
from atelier.datasets.formats.registry import DEFINITIONS
from atelier.datasets.lines.line import LINE_RULES
from atelier.datasets.run_check.summary import RUN_RULES
from atelier.datasets.scan.merge import FILE_RULES
from atelier.datasets.shapes.file_rules import ACROSS_RULES
from atelier.datasets.shapes.media import MEDIA_RULES
from atelier.datasets.shapes.tools import TOOL_RULES
from tests.fixtures.paths import ROOT
from tests.unit.atelier.datasets.test_check_nova_forge import MILDER, STRICTER

DOCUMENT = (ROOT / "docs" / "datasets.md").read_text()


def formats_of(rule: Rule) -> str:
    """Which formats a rule is about, as the table says it."""
    formats = [format_ for format_ in Format if rule in DEFINITIONS[format_].rules]
    return ", ".join(formats) if formats and len(formats) < len(Format) else "all"


def row(rule: Rule) -> str:
    """The rule's row in the document."""
    cells = (f"`{rule.name}`", rule.requirement, rule.severity, formats_of(rule), rule.source)
    return " ".join(("|", " | ".join(cell.replace("|", r"\|") for cell in cells), "|"))


_GROUPED = (*LINE_RULES, *FILE_RULES, *ACROSS_RULES, *TOOL_RULES, *MEDIA_RULES)

SECTIONS: dict[str, list[Rule]] = {
    "A line": list(LINE_RULES),
    "A file": list(FILE_RULES),
    "Samples": [rule for rule in ALL_RULES if rule not in _GROUPED],
    "Tools": list(TOOL_RULES),
    "Media": list(MEDIA_RULES),
    "All samples of a file": list(ACROSS_RULES),
    "A run": list(RUN_RULES),
}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_rule_is_told_where_it_belongs(section: str) -> None:
    text = DOCUMENT.partition(f"### {section}\n")[2].partition("\n#")[0]

    assert [line for line in text.splitlines() if line.startswith("| `")] == [
        row(rule) for rule in SECTIONS[section]
    ]


def test_every_rule_is_in_a_section() -> None:
    assert {rule.name for rules in SECTIONS.values() for rule in rules} == {
        rule.name for rule in (*ALL_RULES, *RUN_RULES)
    }


@pytest.mark.parametrize("name", [*STRICTER, *MILDER])
def test_every_difference_to_aws_s_validator_is_told(name: str) -> None:
    assert f"| {name} |" in DOCUMENT


def test_every_format_is_told_in_the_words_of_its_definition() -> None:
    table = DOCUMENT.partition("## Formats\n")[2].partition("\n## ")[0]

    assert [line for line in table.splitlines() if line.startswith("| `")] == [
        f"| `{definition.name}` | {definition.purpose} | {definition.row} |"
        for definition in DEFINITIONS.values()
    ]
