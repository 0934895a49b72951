"""A cache of toolConfigs: most rows of a file have the same bytes."""

from __future__ import annotations

from atelier.datasets.lines.line import read
from atelier.datasets.rules.finding import Violation
from atelier.datasets.shapes.tools import check_tool_config, tool_names

_MOST_KNOWN = 64
_LONGEST_KNOWN = 64 * 1024


class ToolConfigs:
    """Names of tools by the JSON that defines them."""

    def __init__(self) -> None:
        self._last = b""
        self._names: frozenset[str] | None = None
        self._known: dict[bytes, frozenset[str] | None] = {}

    def names(self, config: bytes) -> frozenset[str] | None:
        """Names of the tools that a clean toolConfig defines; None when it is not clean."""
        # Compared before looked up: to hash some kB takes longer than to compare them.
        if config != self._last:
            self._last, self._names = config, self._looked_up(config)
        return self._names

    def _looked_up(self, config: bytes) -> frozenset[str] | None:
        if len(config) > _LONGEST_KNOWN:
            return _names(config)
        if config not in self._known:
            if len(self._known) == _MOST_KNOWN:
                self._known.clear()
            self._known[config] = _names(config)
        return self._known[config]


def _names(config: bytes) -> frozenset[str] | None:
    sample = read(b'{"toolConfig":' + config + b"}")
    if isinstance(sample, Violation) or any(check_tool_config(sample["toolConfig"])):
        return None
    return tool_names(sample)
