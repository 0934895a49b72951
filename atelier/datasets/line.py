"""One line of a file as a JSON object, or what keeps it from being one."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any, NoReturn

from atelier.datasets.fault import Fault
from atelier.datasets.rule import Rule

_JSON_LINES = "JSON Lines (jsonlines.org)"
_RFC = "RFC 8259"

BLANK_LINE = Rule("blank-line", "A line holds a sample: JSON Lines has no blank lines.", _JSON_LINES)
LINE_LENGTH = Rule("line-length", "A line is no longer than what reads it takes.", "Amazon Nova user guide")
UTF_8 = Rule("utf-8", "A line is UTF-8.", _JSON_LINES)
BYTE_ORDER_MARK = Rule("byte-order-mark", "A line begins with its sample, without a mark.", _JSON_LINES)
JSON = Rule("json", "A line is one whole JSON value.", _RFC)
OBJECT = Rule("object", "A line is a JSON object.", "Amazon Nova user guide")
LINE_RULES = (BLANK_LINE, LINE_LENGTH, UTF_8, BYTE_ORDER_MARK, JSON, OBJECT)

_ONE_OBJECT = "one JSON object a line, in UTF-8"


def read(line: bytes) -> dict[str, Any] | Fault:
    """The object that the line holds, or the one fault for which there is none."""
    if not line.strip():
        return Fault(BLANK_LINE, "", "a blank line", _ONE_OBJECT)
    if line.startswith(BOM_UTF8):
        return Fault(BYTE_ORDER_MARK, "", "a byte order mark", "a line that begins with {")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        return Fault(
            UTF_8, "", f"byte 0x{line[error.start]:02x} at byte {error.start} of the line", _ONE_OBJECT
        )
    try:
        sample = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return Fault(JSON, "", str(error), _ONE_OBJECT)
    if not isinstance(sample, dict):
        return Fault(OBJECT, "", type(sample).__name__, _ONE_OBJECT)
    return sample


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is not JSON")
