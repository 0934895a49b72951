"""Whether a decoded conversation is clean beyond its types: turns alternate, tools fit, media go together."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import astuple

from atelier.datasets.fast_path.converse_types import (
    Answer,
    Assistant,
    Row,
    TextAssistant,
    TextRow,
    TextUser,
    ToolResult,
    ToolUse,
    User,
    UserBlock,
)
from atelier.datasets.rules.feature_counts import Features
from atelier.datasets.shapes.media import MAX_IMAGES_A_TURN, MAX_VIDEOS_A_SAMPLE, MEDIA_FORMATS

# No sample has two of them.
_EXCLUSIVE = frozenset((*MEDIA_FORMATS, "reasoningContent"))
_COMMON_LENGTHS = range(2, 66, 2)

_TEXT_TURNS = {(TextUser, TextAssistant) * (turns // 2) for turns in _COMMON_LENGTHS}
_TURNS = {(User, Assistant) * (turns // 2) for turns in _COMMON_LENGTHS}

_OF_KEYS: dict[tuple[bool, bool], Features] = {
    (version, system): frozenset(("schemaVersion",) * version + ("system",) * system)
    for version in (False, True)
    for system in (False, True)
}


def features_of_text(row: TextRow) -> Features | None:
    """Features of a conversation of text; None where it may have violations."""
    for turn in row.messages:
        for block in turn.content:
            if block.text.isspace():
                return None
    if row.system is not UNSET:
        for block in row.system:
            if block.text.isspace():
                return None
    return features_of_filled_text(row)


def features_of_filled_text(row: TextRow) -> Features | None:
    """The same where no text is blank."""
    if tuple(map(type, row.messages)) not in _TEXT_TURNS:
        return None
    return _OF_KEYS[row.schema_version is not UNSET, row.system is not UNSET]


def features_of_row(row: Row, tools: frozenset[str], place: str) -> Features | None:
    """Features of any conversation; None where it may have violations.

    `tools` are the names that its toolConfig defines; all media has to lie below the address `place`.
    """
    if tuple(map(type, row.messages)) not in _TURNS:
        return None
    keys = []
    if row.schema_version is not UNSET:
        keys.append("schemaVersion")
    if row.system is not UNSET:
        for block in row.system:
            if block.text.isspace():
                return None
        keys.append("system")
    if row.tool_config is not UNSET:
        keys.append("toolConfig")
    turns = _Turns(tools, place)
    return frozenset(turns.kinds.union(keys)) if turns.are_clean(row) else None


class _Turns:
    """State of one conversation. Methods return True only where they find no violation."""

    def __init__(self, tools: frozenset[str], place: str) -> None:
        self.kinds: set[str] = set()
        self._tools = tools
        self._place = place
        self._calls: set[str] = set()
        self._unanswered: set[str] = set()
        self._videos = 0

    def are_clean(self, row: Row) -> bool:
        for turn in row.messages:
            if not (self._user(turn) if isinstance(turn, User) else self._assistant(turn)):
                return False
        exclusive = len(self.kinds & _EXCLUSIVE)
        return self._videos <= MAX_VIDEOS_A_SAMPLE and exclusive <= 1

    def _user(self, turn: User) -> bool:
        images = 0
        for block in turn.content:
            if block.text is not UNSET and block.tool_result is UNSET and block.image is UNSET:
                if block.text.isspace() or block.video is not UNSET or block.document is not UNSET:
                    return False
            elif astuple(block).count(UNSET) != 4:
                return False
            elif block.tool_result is not UNSET:
                if not self._result(block.tool_result):
                    return False
            elif not self._media(block):
                return False
            images += block.image is not UNSET
        return not self._unanswered and images <= MAX_IMAGES_A_TURN

    def _assistant(self, turn: Assistant) -> bool:
        for block in turn.content:
            if block.text is not UNSET and block.tool_use is UNSET and block.reasoning_content is UNSET:
                if block.text.isspace():
                    return False
            elif astuple(block).count(UNSET) != 2:
                return False
            elif block.tool_use is not UNSET:
                if not self._call(block.tool_use):
                    return False
            elif block.reasoning_content is not UNSET:
                self.kinds.add("reasoningContent")
                if block.reasoning_content.reasoning_text.text.isspace():
                    return False
        return True

    def _call(self, call: ToolUse) -> bool:
        self.kinds.add("toolUse")
        identifier = call.tool_use_id
        is_clean = call.name in self._tools and identifier not in self._calls and not identifier.isspace()
        self._calls.add(identifier)
        self._unanswered.add(identifier)
        return is_clean

    def _result(self, result: ToolResult) -> bool:
        self.kinds.add("toolResult")
        if result.tool_use_id not in self._unanswered:
            return False
        self._unanswered.remove(result.tool_use_id)
        return all(map(_is_answer, result.content))

    def _media(self, block: UserBlock) -> bool:
        for kind, media in (("image", block.image), ("video", block.video), ("document", block.document)):
            if media is not UNSET:
                self.kinds.add(kind)
                self._videos += kind == "video"
                return media.source.s3_location.uri.startswith(self._place)
        return False


def _is_answer(answer: Answer) -> bool:
    return (answer.text is UNSET) is not (answer.json is UNSET)
