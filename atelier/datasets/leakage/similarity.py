"""Similarity of two texts: Jaccard similarity of their word triples, from sketches of a fixed size.

A sketch is the lowest SKETCH_SIZE hashes of the triples ("bottom-k" MinHash: one hash function, and the exact
similarity for texts of fewer triples). Above that size the standard error at 0.8 is 0.05. Nothing here is
random or depends on Python's own hash, so that sketches agree between machines. See ADR 0065.
"""

from __future__ import annotations

import re
import unicodedata
from zlib import crc32

Sketch = tuple[int, ...]

SKETCH_SIZE = 64
WORDS_IN_SHINGLE = 3
LONGEST_TEXT = 32 * 1024

# Written without spaces between words: each sign counts as one (kana, han, hangul, thai).
_UNSPACED = re.compile("([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")
_PUNCTUATION = str.maketrans(dict.fromkeys(".,;:!?\"'()[]{}«»“”„。、\u2018\u2019", " "))


def normalised(text: str) -> str:
    """The text with case, spacing, Unicode form and final punctuation normalized."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split()).rstrip(" .!?。")


def words(text: str) -> list[bytes]:
    """The words of a normalised text that are compared: those of its first LONGEST_TEXT characters."""
    text = text[:LONGEST_TEXT].translate(_PUNCTUATION)
    if not text.isascii():
        text = _UNSPACED.sub(r" \1 ", text)
    return text.encode("utf-8", "surrogatepass").split()


def shingles(words: list[bytes]) -> set[int]:
    """Hashes of the word triples; a shorter text is one triple."""
    if len(words) < WORDS_IN_SHINGLE:
        return {crc32(b" ".join(words))} if words else set()
    return set(map(crc32, words[2:], map(crc32, words[1:], map(crc32, words))))


def sketch(shingles: set[int]) -> Sketch:
    """The lowest hashes, ascending."""
    return tuple(sorted(shingles)[:SKETCH_SIZE])


def similarity(one: Sketch, other: Sketch) -> float:
    """Estimated Jaccard similarity, 0 to 1: of the lowest hashes of both, the share that both have.

    It is `t` at least only if both share `t` times the hashes of the larger sketch, or more.
    """
    lowest = sorted({*one, *other})[:SKETCH_SIZE]
    in_both = set(one).intersection(other)
    return sum(value in in_both for value in lowest) / len(lowest) if lowest else 0.0
