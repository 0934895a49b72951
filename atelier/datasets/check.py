"""Checking a file line by line, in one pass and constant memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from atelier.datasets.converse import OPTIONAL_KEYS, check_dpo, check_sft
from atelier.datasets.fault import Fault
from atelier.datasets.gen_qa import check_gen_qa
from atelier.datasets.report import Finding, Report


class Format(StrEnum):
    """What a file is for."""

    SFT = "sft"
    DPO = "dpo"
    GEN_QA = "gen_qa"


@dataclass(frozen=True)
class _Rules:
    """How one sample is checked, and which keys must be in all samples of a file or in none."""

    faults: Callable[[dict[str, Any]], Iterable[Fault]]
    all_or_none: frozenset[str] = frozenset()


_RULES = {
    Format.SFT: _Rules(check_sft, frozenset(OPTIONAL_KEYS)),
    Format.DPO: _Rules(check_dpo, frozenset(OPTIONAL_KEYS)),
    Format.GEN_QA: _Rules(check_gen_qa),
}


def check(lines: Iterable[bytes], format: Format) -> Report:  # noqa: A002 - the field's word
    """Whether every line is a sample of the format. A blank line is wrong: JSON Lines has none."""
    report = Report()
    rules = _RULES[format]
    expected: Set[str] | None = None
    for number, line in enumerate(lines, start=1):
        report.rows += 1
        report.bytes += len(line) + 1
        sample = _read(line)
        if isinstance(sample, Fault):
            report.add(Finding(number, *sample))
            continue
        for fault in rules.faults(sample):
            report.add(Finding(number, *fault))
        present = sample.keys() & rules.all_or_none
        expected = present if expected is None else expected
        if present != expected:
            accepted = f"{_listed(expected)}, as in the first sample: such keys are in all samples or in none"
            report.add(Finding(number, "optional keys", _listed(present), accepted))
    if report.rows == 0:
        report.add(Finding(0, "rows", "none", "at least one line"))
    return report


def _read(line: bytes) -> dict[str, Any] | Fault:
    accepted = "one JSON object a line, in UTF-8"
    if not line.strip():
        return Fault("json", "a blank line", accepted)
    try:
        # Decoded here: from bytes json guesses the encoding, and takes what training containers refuse.
        sample = json.loads(line.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return Fault("json", str(error), accepted)
    if not isinstance(sample, dict):
        return Fault("json", type(sample).__name__, "one JSON object a line")
    return sample


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is not JSON")


def _listed(keys: Set[str]) -> str:
    return ", ".join(sorted(keys)) or "none of them"
