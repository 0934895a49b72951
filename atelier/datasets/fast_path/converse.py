"""The fast path of conversations. A simpler type for rows of text is tried first."""

from __future__ import annotations

import msgspec

from atelier.datasets.fast_path.converse_row import (
    features_of_filled_text,
    features_of_row,
    features_of_text,
)
from atelier.datasets.fast_path.converse_types import Row, TextRow
from atelier.datasets.fast_path.decoding import UNDECODABLE
from atelier.datasets.fast_path.tool_configs import ToolConfigs
from atelier.datasets.fast_path.words import Marks, marks_in, may_have_words
from atelier.datasets.lines.blocks import Block
from atelier.datasets.lines.line import MOST_LEVELS, levels
from atelier.datasets.rules.feature_counts import Features
from atelier.datasets.rules.requirements import Requirements

_decode_text = msgspec.json.Decoder(TextRow).decode
_decode_any = msgspec.json.Decoder(Row).decode

_TOOL_CONFIG = b'"toolConfig"'
_NO_TOOLS: frozenset[str] = frozenset()
_TEXT_FEATURES = frozenset({"schemaVersion", "system"})


class ConverseFastPath:
    """Says clean of conversations. What most rows of the last block were is tried first."""

    def __init__(self, requirements: Requirements) -> None:
        self._place = f"s3://{requirements.bucket}/" if requirements.bucket else "s3://"
        self._tool_configs = ToolConfigs()
        self._expects_text = True

    def __call__(self, line: bytes) -> Features | None:
        return self._expect([self._alone(line)])[0]

    def block(self, block: Block) -> list[Features | None]:
        """The result of each line."""
        marks = marks_in(block.data)
        if marks.words:
            return self._expect(list(map(self._alone, block.lines())))
        return self._expect(self._results(block.lines(), marks))

    def _expect(self, results: list[Features | None]) -> list[Features | None]:
        """The results, by which the kind of rows to come is guessed."""
        counts = [(features, results.count(features)) for features in set(results) if features is not None]
        if counts:
            text = sum(count for features, count in counts if features <= _TEXT_FEATURES)
            self._expects_text = 2 * text > sum(count for _, count in counts)
        return results

    def _alone(self, line: bytes) -> Features | None:
        marks = marks_in(line)
        if marks.words:
            return self._features_of(line, has_words=True)
        return self._results([line], marks)[0]

    def _results(self, lines: list[bytes], marks: Marks) -> list[Features | None]:
        """Of lines in which there are no reserved words."""
        results: list[Features | None] = []
        traits_of = features_of_text if marks.blanks else features_of_filled_text
        following = iter(lines)
        while len(results) < len(lines):
            if self._expects_text:
                try:
                    for row in map(_decode_text, following):
                        results.append(traits_of(row))  # noqa: PERF401 - what is before an error is kept
                    break
                except UNDECODABLE:
                    line = lines[len(results)]
            else:
                line = next(following)
            results.append(self._features_of(line, has_words=False))
        return results

    def _features_of(self, line: bytes, *, has_words: bool) -> Features | None:
        if has_words and _TOOL_CONFIG not in line:
            return None
        try:
            row = _decode_any(line)
        except UNDECODABLE:
            return None
        tools = _NO_TOOLS
        if isinstance(row.tool_config, msgspec.Raw):
            config = bytes(row.tool_config)
            names = self._tool_configs.names(config)
            # What was not decoded is the only toolConfig, and reserved words in it are allowed. It is cut out
            # where it begins: to search for some kB takes longer than to decode the row.
            begin = line.find(b"{", line.find(_TOOL_CONFIG))
            if names is None or line.count(_TOOL_CONFIG) != 1 or not line.startswith(config, begin):
                return None
            tools = names
            line = line[:begin] + line[begin + len(config) :]
            has_words = has_words and may_have_words(line)
        if has_words or levels(line) > MOST_LEVELS:
            return None
        return features_of_row(row, tools, self._place)
