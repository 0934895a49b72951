"""Reserved words, and texts that begin with white space, found in the bytes of many rows at once."""

from __future__ import annotations

from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from atelier.datasets.shapes.words import RESERVED_WORDS

# The escapes that could hide an ASCII letter of a word, "\u0055ser:" for one.
_ESCAPES = tuple(f"\\u00{digit}" for digit in range(2, 8))

# A blank text begins with white space: a space, an escape, or a character beyond ASCII. Before the quote of a
# value comes a colon or white space; a quote within a text has a backslash before it. No blank start may hold
# the beginning of an escape from above: matches do not overlap.
_SPACES = tuple(chr(code) for code in range(0x80, 0x10000) if chr(code).isspace())
_SPACE_ESCAPES = (
    *("n", "t", "r", "f", "u000", "u001", "u008", "u00a", "u00A"),
    *("u1680", "u200", "u2028", "u2029", "u202f", "u202F", "u205f", "u205F", "u3000"),
)
_BLANK_STARTS = (
    *(f'{before}" ' for before in ": \t\r"),
    *(f'"\\{escape}' for escape in _SPACE_ESCAPES),
    *(f'"{space}' for space in _SPACES),
)

_MARKS = (*RESERVED_WORDS, *_ESCAPES, *_BLANK_STARTS)
_FIRST_BLANK = len(_MARKS) - len(_BLANK_STARTS)
# Leftmost-first: for that kind alone the library has a vectorised search, ten times as fast as its automata.
_SEARCH = BytesAhoCorasick([mark.encode() for mark in _MARKS], matchkind=MatchKind.LeftmostFirst)


class Marks(NamedTuple):
    """Possible contents of some bytes: a reserved word or its escape, a blank text."""

    words: bool
    blanks: bool


def marks_in(data: bytes) -> Marks:
    """What is found of all marks in the data."""
    found = [index for index, _, _ in _SEARCH.find_matches_as_indexes(data)]
    return Marks(
        words=min(found, default=_FIRST_BLANK) < _FIRST_BLANK, blanks=max(found, default=0) >= _FIRST_BLANK
    )


def may_have_words(data: bytes) -> bool:
    """Whether a reserved word is in the data, or an escape that may hide one."""
    return marks_in(data).words
