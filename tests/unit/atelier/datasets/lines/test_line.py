"""What is said of a line that holds no sample."""

from __future__ import annotations

import gzip

import pytest

from atelier.datasets.lines.line import read
from atelier.datasets.rules.finding import Violation


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (gzip.compress(b"{}", mtime=0), "as in a gzip file, which is to be unpacked"),
        ('{"a": 1}'.encode("utf-16"), "as in a file in UTF-16"),
        (b'{"text": "\xff"}', "byte 0xFF at byte 10 of the line"),
        (b'{"text": "cut o', "the line ends inside a value: Unterminated string starting at character 10"),
        (b"[", "the line ends inside a value: Expecting value at character 2"),
        (b"{} {}", "Extra data at character 4"),
        (b"{'a': 1}", "Expecting property name enclosed in double quotes at character 2"),
    ],
)
def test_a_line_that_is_no_row_says_what_it_may_be(line: bytes, says: str) -> None:
    violation = read(line)

    assert isinstance(violation, Violation)
    assert says in violation.found
    assert "line 1" not in violation.found
