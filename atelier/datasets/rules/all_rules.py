"""Every rule that a finding may name."""

from __future__ import annotations

from atelier.datasets.formats.registry import DEFINITIONS
from atelier.datasets.rules.rule import Rule
from atelier.datasets.scan.line import LINE_RULES
from atelier.datasets.scan.merge import FILE_RULES

_OF_FORMATS = (rule for definition in DEFINITIONS.values() for rule in definition.rules)

ALL_RULES: tuple[Rule, ...] = tuple(dict.fromkeys((*LINE_RULES, *FILE_RULES, *_OF_FORMATS)))
