"""The shortcut for conversations: text alone is decoded many rows at a time, anything else row by row."""

from __future__ import annotations

import msgspec

from atelier.datasets.blocks import Block
from atelier.datasets.demands import Demands
from atelier.datasets.fast.converse_row import traits_of_row, traits_of_text
from atelier.datasets.fast.converse_types import Row, TextRow
from atelier.datasets.fast.tool_configs import ToolConfigs
from atelier.datasets.fast.typed import UNDECODABLE
from atelier.datasets.fast.words import may_have_words
from atelier.datasets.tally import Traits

_TEXT = msgspec.json.Decoder(TextRow)
_ANY = msgspec.json.Decoder(Row)

_TEXT_TRAITS = frozenset({"schemaVersion", "system"})


class ConverseAcceptor:
    """Says clean of conversations. It tries first what the last row was: a file holds rows of one kind."""

    def __init__(self, demands: Demands) -> None:
        self._place = f"s3://{demands.bucket}/" if demands.bucket else "s3://"
        self._tool_configs = ToolConfigs()
        self._expects_text = True

    def __call__(self, line: bytes) -> Traits | None:
        return self._verdicts([line], has_words=may_have_words(line))[0]

    def block(self, block: Block) -> list[Traits | None]:
        """One verdict a line."""
        has_words = may_have_words(block.data)
        if self._expects_text and not has_words:
            rows = _text_rows(block.data)
            if rows is not None:
                return list(map(traits_of_text, rows))
        return self._verdicts(block.lines(), has_words=has_words)

    def _verdicts(self, lines: list[bytes], *, has_words: bool) -> list[Traits | None]:
        verdicts: list[Traits | None] = []
        following = iter(lines)
        while len(verdicts) < len(lines):
            if self._expects_text and not has_words:
                try:
                    for row in map(_TEXT.decode, following):
                        verdicts.append(traits_of_text(row))
                    break
                except UNDECODABLE:
                    line = lines[len(verdicts)]
            else:
                line = next(following)
            verdicts.append(self._verdict(line, has_words=has_words and may_have_words(line)))
        return verdicts

    def _verdict(self, line: bytes, *, has_words: bool) -> Traits | None:
        try:
            row = _ANY.decode(line)
        except UNDECODABLE:
            return None
        tools: frozenset[str] | None = frozenset()
        if isinstance(row.tool_config, msgspec.Raw):
            config = bytes(row.tool_config)
            tools = self._tool_configs.names(config)
            # What was not decoded is the only toolConfig, and words in it matter to nobody.
            if tools is None or line.count(b'"toolConfig"') != 1:
                return None
            has_words = has_words and may_have_words(line.replace(config, b"", 1))
        if has_words:
            return None
        traits = traits_of_row(row, tools, self._place)
        if traits is not None:
            self._expects_text = traits <= _TEXT_TRAITS
        return traits


def _text_rows(data: bytes) -> list[TextRow] | None:
    """The rows of a block, when all of them are text and stand one on a line."""
    newlines = data.count(b"\n") - data.endswith(b"\n")
    # The decoder also takes two rows on a line and a row on two lines. A newline right between "}" and "{" is
    # never inside a value, and then as many rows as lines are one row a line.
    if data.count(b"}\n{") != newlines:
        return None
    try:
        rows = _TEXT.decode_lines(data)
    except UNDECODABLE:
        return None
    return rows if len(rows) == newlines + 1 else None
