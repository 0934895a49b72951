"""What is wrong with an input: every problem with its field, its value and what would be accepted."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atelier.errors import InvalidRun, UnsupportedCombination

_ABSENT = object()
_LONGEST_VALUE = 80
_LONGEST_LIST = 20
# A value may be huge in no file at all: YAML's anchors repeat lists of lists of lists.
_SHORT = reprlib.Repr()
_SHORT.maxlevel = 3
_SHORT.maxlist = _SHORT.maxdict = _SHORT.maxtuple = _SHORT.maxset = 20
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 1_000


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the field at `path`. `is_combination`: the values are fine, but not together."""

    path: str
    message: str
    found: object = _ABSENT
    is_combination: bool = False

    def __str__(self) -> str:
        found = "" if self.found is _ABSENT else f" = {_shown(self.found)}"
        return f"{self.path}{found}: {self.message}"


def raise_for(problems: Sequence[Problem], *, subject: str) -> None:
    """Raise one error that tells all problems; UnsupportedCombination when nothing else is wrong."""
    if not problems:
        return
    kind = UnsupportedCombination if all(problem.is_combination for problem in problems) else InvalidRun
    count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
    raise kind(f"{subject}: {count}\n" + "\n".join(f"- {problem}" for problem in problems))


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint with the known word that `word` has the parts of, begins or resembles, else with all of them."""
    words = list(known)
    close = [known for known in words if _parts(known) == _parts(word)]
    close = close or [known for known in words if len(word) > 1 and known.startswith(word)]
    close = close or difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"accepted: {listed(words)}"


def _parts(word: str) -> list[str]:
    return sorted(re.split(r"[^a-z0-9]+", word.casefold()))


def listed(words: Iterable[str], most: int = _LONGEST_LIST) -> str:
    """The words without repetition, the first of them where they are many."""
    known = list(dict.fromkeys(words))
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more


def _shown(value: object) -> str:
    text = _SHORT.repr(value)
    half = _LONGEST_VALUE // 2
    return text if len(text) <= _LONGEST_VALUE else f"{text[:half]}…{text[-half:]}"
