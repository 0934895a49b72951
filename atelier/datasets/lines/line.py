"""Reading one line of a file as a JSON object, and the rules for lines.

Of a key that an object has twice the last counts, as in every reader of Python's.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from atelier.datasets.rules.finding import Rule, Violation

MOST_LEVELS = 100
MOST_DIGITS = 4_300
BYTE_ORDER_MARK_BYTES = b"\xef\xbb\xbf"

_JSON_LINES = "JSON Lines (jsonlines.org)"
_RFC = "RFC 8259"

BLANK_LINE = Rule("blank-line", "A line holds a sample: JSON Lines has no blank lines.", _JSON_LINES)
LINE_LENGTH = Rule(
    "line-length",
    "A line is no longer than what reads it takes: 16 MiB, or what the recipe says.",
    "Amazon Bedrock quotas for distillation (180 KB); our own reader otherwise",
)
UTF_8 = Rule("utf-8", "A line is UTF-8.", _JSON_LINES)
BYTE_ORDER_MARK = Rule("byte-order-mark", "No line begins with a byte order mark.", f"{_RFC}, 8.1")
LONE_SURROGATE = Rule(
    "lone-surrogate",
    'An escape such as "\\ud83d" has the other half of its character beside it.',
    f"{_RFC}, 8.2: what reads such a text may fail",
)
JSON = Rule("json", "A line is one whole JSON value.", _RFC)
NUMBER_RANGE = Rule(
    "number-range",
    f"A number fits a double; an integer has at most {MOST_DIGITS:,} digits.",
    f"{_RFC}, 6: other readers take it for infinity, or fail",
)
NESTING = Rule("nesting", f"Values are nested at most {MOST_LEVELS} deep.", f"{_RFC}, 9; readers' stacks end")
OBJECT = Rule("object", "A line is a JSON object.", "Amazon Nova user guide")
LINE_RULES = (
    *(BLANK_LINE, LINE_LENGTH, UTF_8, BYTE_ORDER_MARK),
    *(JSON, NUMBER_RANGE, NESTING, LONE_SURROGATE, OBJECT),
)

BYTE_ORDER_MARK_FOUND = Violation(
    BYTE_ORDER_MARK, "", "the bytes EF BB BF", "a line that begins with its sample"
)

_OTHER_FILES = (
    (b"\x1f\x8b", "a gzip file, which is to be unpacked"),
    (b"\xff\xfe", "a file in UTF-16"),
    (b"\xfe\xff", "a file in UTF-16"),
    (b"PAR1", "a Parquet file"),
    (b"PK\x03\x04", "a zip file, which is to be unpacked"),
    (b"\x28\xb5\x2f\xfd", "a zstd file, which is to be unpacked"),
)
_ONE_OBJECT = "one JSON object a line, in UTF-8"
# A text without its end goes to the line's end: to begin again at each quote in it would take for ever.
_BRACKETS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _OutOfRange(ValueError):
    pass


def read(line: bytes) -> dict[str, Any] | Violation:
    """The object that the line holds, or the violation that prevents reading it."""
    if not line.strip():
        return Violation(BLANK_LINE, "", "a blank line", _ONE_OBJECT)
    if line.startswith(BYTE_ORDER_MARK_BYTES):
        return BYTE_ORDER_MARK_FOUND
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        found = f"byte 0x{line[error.start]:02X} at byte {error.start:,} of the line"
        looks_like = next((f", as in {kind}" for start, kind in _OTHER_FILES if line.startswith(start)), "")
        return Violation(UTF_8, "", found + looks_like, _ONE_OBJECT)
    if (deepest := levels(line)) > MOST_LEVELS:
        return Violation(NESTING, "", f"values nested {deepest:,} deep", f"at most {MOST_LEVELS}")
    try:
        sample = _DECODER.decode(text)
        if _SURROGATE.search(text):
            json.dumps(sample, ensure_ascii=False).encode()
    except _OutOfRange as error:
        return Violation(NUMBER_RANGE, "", str(error), f"a double, or up to {MOST_DIGITS:,} digits")
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        return Violation(LONE_SURROGATE, "", f"{half} alone", "both halves of a character, or neither")
    except json.JSONDecodeError as error:
        is_cut_off = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        ends = "the line ends inside a value: " if is_cut_off else ""
        found = f"{ends}{error.msg.removesuffix(' at')} at character {error.pos + 1:,}"
        return Violation(JSON, "", found, _ONE_OBJECT)
    except ValueError as error:
        return Violation(JSON, "", str(error), _ONE_OBJECT)
    if not isinstance(sample, dict):
        return Violation(OBJECT, "", type(sample).__name__, _ONE_OBJECT)
    return sample


def levels(line: bytes) -> int:
    """How deep brackets are nested, 0 where they are too few to matter.

    Counted before parsing: how much a parser takes differs by version, and of a key that is there twice only
    one value is left after it.
    """
    if line.count(b"[") + line.count(b"{") <= MOST_LEVELS:
        return 0
    level = deepest = 0
    for match in _BRACKETS.finditer(line):
        if match[0] in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif match[0] in b"]}":
            level -= 1
    return deepest


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _OutOfRange(text[:20])
    return value


def _integer(text: str) -> int:
    if len(text.removeprefix("-")) > MOST_DIGITS:
        raise _OutOfRange(f"{text[:20]}…, {len(text):,} digits")
    return int(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is not JSON")


_DECODER = json.JSONDecoder(parse_float=_float, parse_int=_integer, parse_constant=_refuse_constant)
