"""Conversations as types: a decoded one keeps every rule that a single value can break."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from atelier.datasets.shapes.media import ACCOUNT, URI

Text = Annotated[str, Meta(min_length=1)]
Version = Literal["bedrock-conversation-2024"]


class Strict(Struct, forbid_unknown_fields=True, gc=False, rename="camel"):
    """Nothing but the keys named. Rows hold no cycles, so the garbage collector need not see them."""


class TextBlock(Strict):
    text: Text


class TextUser(Strict, tag_field="role", tag="user"):
    content: Annotated[list[TextBlock], Meta(min_length=1)]


class TextAssistant(Strict, tag_field="role", tag="assistant"):
    content: Annotated[list[TextBlock], Meta(min_length=1)]


class TextRow(Strict):
    """A conversation of nothing but text."""

    messages: list[TextUser | TextAssistant]
    system: list[TextBlock] | UnsetType = UNSET
    schema_version: Version | UnsetType = UNSET


class Location(Strict):
    uri: Annotated[str, Meta(pattern=rf"\A(?a:{URI.pattern})\Z")]
    bucket_owner: Annotated[str, Meta(pattern=rf"\A(?a:{ACCOUNT.pattern})\Z")]


class Source(Strict):
    s3_location: Location


class Image(Strict):
    format: Literal["gif", "jpeg", "png", "webp"]
    source: Source


class Video(Strict):
    format: Literal["mov", "mkv", "mp4", "webm"]
    source: Source


class Document(Strict):
    format: Literal["pdf"]
    source: Source
    name: str | UnsetType = UNSET


class Answer(Strict):
    text: str | UnsetType = UNSET
    json: dict[str, Any] | UnsetType = UNSET


class ToolResult(Strict):
    tool_use_id: Text
    content: Annotated[list[Answer], Meta(min_length=1)]
    status: str | UnsetType = UNSET


class ToolUse(Strict):
    tool_use_id: Text
    name: str
    input: dict[str, Any]


class ReasoningText(Strict):
    text: Text
    signature: str | UnsetType = UNSET


class ReasoningContent(Strict):
    reasoning_text: ReasoningText


class UserBlock(Strict):
    text: Text | UnsetType = UNSET
    tool_result: ToolResult | UnsetType = UNSET
    image: Image | UnsetType = UNSET
    video: Video | UnsetType = UNSET
    document: Document | UnsetType = UNSET


class AssistantBlock(Strict):
    text: Text | UnsetType = UNSET
    tool_use: ToolUse | UnsetType = UNSET
    reasoning_content: ReasoningContent | UnsetType = UNSET


class User(Strict, tag_field="role", tag="user"):
    content: Annotated[list[UserBlock], Meta(min_length=1)]


class Assistant(Strict, tag_field="role", tag="assistant"):
    content: Annotated[list[AssistantBlock], Meta(min_length=1)]


class Row(Strict):
    """Any conversation. Its toolConfig stays raw: most rows of a file have the same one."""

    messages: list[User | Assistant]
    system: list[TextBlock] | UnsetType = UNSET
    schema_version: Version | UnsetType = UNSET
    tool_config: Raw | UnsetType = UNSET
