"""The documents: short lines, links that lead somewhere, paths that exist, plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.paths import ROOT

LONGEST = 120
DOCUMENTS = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
    ]
)
FOLDERS = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("."))
RETIRED = re.compile(
    r"\b(nobody|wanted|mending|verdicts?|acceptors?|watchers?|tally|anatomy|the wish|look now"
    r"|(?:down|through) the line)\b",
    re.IGNORECASE,
)

_LINK = re.compile(r"\[[^\]]+\]\((?P<target>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_QUOTED_PATH = re.compile(rf"`(?P<path>(?:{'|'.join(FOLDERS)})/[\w./-]*)`")

# Paths below a Lustre file system, and what a record says is gone.
NOT_HERE = {"atelier/downloads", "atelier/images", "lifecycle/charts/access"}


def prose_of(text: str) -> str:
    """Without code blocks, quoted code, and rows of tables."""
    without_blocks = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in without_blocks.splitlines() if not line.startswith("|")]
    return re.sub(r"`[^`]*`", "", "\n".join(lines))


def too_long(text: str) -> list[int]:
    """Numbers of the lines beyond the limit; a table's row cannot be wrapped and is left out."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > LONGEST and not line.startswith("|")
    ]


def anchors(document: Path) -> set[str]:
    """What headings are called in addresses, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def broken_links(document: Path, text: str) -> Iterator[str]:
    for match in _LINK.finditer(text):
        if "://" in match["target"]:
            continue
        target = document.parent / match["target"] if match["target"] else document
        if not target.exists() or (match["anchor"] and match["anchor"] not in anchors(target)):
            yield match[0]


def missing_paths(text: str) -> list[str]:
    paths = {match["path"].rstrip("/.") for match in _QUOTED_PATH.finditer(text)}
    return sorted(path for path in paths - NOT_HERE if not (ROOT / path).exists())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
class TestDocument:
    def test_its_lines_are_short(self, document: Path) -> None:
        assert too_long(document.read_text()) == []

    def test_its_links_lead_somewhere(self, document: Path) -> None:
        assert list(broken_links(document, document.read_text())) == []

    def test_the_paths_that_it_quotes_exist(self, document: Path) -> None:
        assert missing_paths(document.read_text()) == []

    def test_its_prose_has_no_retired_words(self, document: Path) -> None:
        assert RETIRED.findall(prose_of(document.read_text())) == []


def test_architecture_fits_on_120_lines() -> None:
    assert len((ROOT / "docs" / "architecture.md").read_text().splitlines()) <= LONGEST


def test_a_long_line_a_broken_link_and_a_missing_path_are_found() -> None:
    readme = ROOT / "README.md"
    assert too_long(f"{'a' * 121}\n| {'a' * 130} |\n{'a' * 120}") == [1]
    assert list(broken_links(readme, "[a](docs/none.md) [b](docs/runbook.md#none) [c](docs/runbook.md)")) == [
        "[a](docs/none.md)",
        "[b](docs/runbook.md#none)",
    ]
    assert missing_paths("`atelier/none.py` and `atelier/errors.py` and `docs/adr/`") == ["atelier/none.py"]
    assert RETIRED.findall(prose_of("What nobody `wanted`.\n```\nverdict\n```\n| tally |")) == ["nobody"]
