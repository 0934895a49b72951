"""Public names use the words of docs/glossary.md; the words that it retires name nothing any more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.fixtures.modules import Module, product_modules
from tests.fixtures.paths import ROOT

GLOSSARY = ROOT / "docs" / "glossary.md"
HEAD = ["term", "meaning", "AWS's or the field's word", "retired words"]
CHECKED = {
    "agents",
    "atelier",
    "cli",
    "client",
    "components",
    "config",
    "lambdas",
    "localcloud",
    "stacks",
}

_ENTRY = re.compile(r"(?:(?P<scope>[a-z_.]+):)?(?P<part>\*?)(?P<word>\w+)(?P=part)")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


class Name(NamedTuple):
    """A public name and where it is."""

    module: str
    line: int
    name: str
    is_class: bool = False

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.name}"


class Retired(NamedTuple):
    """A word of the last column: of any package or of one, a whole name or a part of one."""

    scope: str
    word: str
    is_part: bool

    def matches(self, name: Name) -> bool:
        if self.scope and not f"{name.module}.".startswith(f"{self.scope}."):
            return False
        if self.is_part:
            return f" {' '.join(words(self.word))} " in f" {' '.join(words(name.name))} "
        return name.name == self.word


def words(name: str) -> list[str]:
    """The words of a name in snake_case or CamelCase, in lower case."""
    return [word.lower() for word in _WORD.findall(name)]


def rows() -> Iterator[list[str]]:
    """Every row of every table, the heads among them."""
    for line in GLOSSARY.read_text().splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def retired_words() -> list[Retired]:
    return [
        Retired(match["scope"] or "", match["word"], bool(match["part"]))
        for row in rows()
        if row != HEAD
        for entry in re.findall(r"`([^`]+)`", row[3])
        if (match := parsed(entry))
    ]


def parsed(entry: str) -> re.Match[str]:
    match = _ENTRY.fullmatch(entry)
    assert match, f"docs/glossary.md: {entry!r} is no retired word; accepted: word, *word*, package:word"
    return match


def public_names(module: Module) -> Iterator[Name]:
    """The module's own name, and whatever of it another module may use by name."""
    own = module.name.rpartition(".")[2]
    if not own.startswith("_"):
        yield Name(module.name, 1, own)
    yield from _members(ast.parse(module.source).body, module.name)


def _members(body: list[ast.stmt], module: str) -> Iterator[Name]:
    for node in body:
        match node:
            case ast.ClassDef() if is_public(node.name):
                yield Name(module, node.lineno, node.name, is_class=True)
                yield from _members(node.body, module)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if is_public(node.name):
                if not is_special(node.name):
                    yield Name(module, node.lineno, node.name)
                yield from _parameters(node.args, module)
            case ast.AnnAssign(target=ast.Name(id=field)) if is_public(field):
                yield Name(
                    module, node.lineno, field
                )  # a dataclass's field is a parameter of its constructor


def _parameters(arguments: ast.arguments, module: str) -> Iterator[Name]:
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if is_public(argument.arg):
            yield Name(module, argument.lineno, argument.arg)


def is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def is_public(name: str) -> bool:
    return is_special(name) or not name.startswith("_")


def refused(modules: list[Module]) -> list[str]:
    """Public names that a retired word matches."""
    retired = retired_words()
    return [
        str(name)
        for module in modules
        for name in public_names(module)
        if any(word.matches(name) for word in retired)
    ]


def test_no_public_name_is_a_retired_word() -> None:
    found = refused([module for module in product_modules() if module.name.split(".")[0] in CHECKED])
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("class RecipeWanted: ...", "RecipeWanted"),
        ("class Outcome: ...", "Outcome"),
        ("def what_is_told(): ...", "what_is_told"),
        ("class Agent:\n    def look_now(self): ...", "look_now"),
        ("class Agent:\n    def __init__(self, follower): ...", "follower"),
        ("async def start(*, wanted: int = 1): ...", "wanted"),
        ("@dataclass\nclass Chunk:\n    here: bool", "here"),
    ],
)
def test_a_planted_name_is_refused(source: str, name: str) -> None:
    line = source.count("\n") + 1
    assert refused([Module("client.planted", False, source)]) == [f"client.planted:{line} {name}"]


def test_a_module_is_refused_for_its_name() -> None:
    assert refused([Module("atelier.runs.mending", False, "")]) == ["atelier.runs.mending:1 mending"]


def test_a_word_that_one_package_retires_is_free_in_others() -> None:
    source = "def read(line): ..."
    assert refused([Module("client.connection", False, source)]) == ["client.connection:1 line"]
    assert refused([Module("atelier.datasets.lines.line", False, source)]) == []


def test_private_names_locals_and_words_inside_of_words_are_free() -> None:
    source = "def _asked(told): ...\nclass _Wanted: ...\ndef default(applies):\n    wanted = applies\n"
    assert refused([Module("client.planted", False, source)]) == []


def test_every_table_has_the_four_columns() -> None:
    assert {len(row) for row in rows()} == {4}
    assert HEAD in list(rows())
    assert len(retired_words()) > 50


def test_no_term_is_defined_twice_or_is_itself_retired() -> None:
    terms = [row[0] for row in rows() if row != HEAD]
    assert len(terms) == len(set(terms))
    named = [Name("", 0, term.replace(" ", "_")) for term in terms]
    assert [name.name for name in named if any(word.matches(name) for word in retired_words())] == []
