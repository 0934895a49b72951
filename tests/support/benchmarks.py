"""A benchmark run at a small size: its code is tested, its timing is not judged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.__main__ import main

KEYS = ("name", "unit", "ours", "reference", "ratio", "better")


def printed(capsys: pytest.CaptureFixture[str], name: str, **size: Any) -> dict[str, Any]:
    """What the benchmark prints: one JSON line with the documented keys and positive numbers.

    Fails with what the benchmark wrote to standard error where it printed no line.
    """
    main([name], {name: size})
    output = capsys.readouterr()
    lines = output.out.splitlines()
    assert len(lines) == 1, output.err
    result: dict[str, Any] = json.loads(lines[0])
    assert tuple(result) == KEYS
    assert result["name"] == name
    assert min(result["ours"], result["reference"], result["ratio"]) > 0
    return result
