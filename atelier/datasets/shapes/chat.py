"""Messages in OpenAI's shape, a role and a text each; or a text in their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.rules.finding import Rule, Violation, shown
from atelier.datasets.shapes.fields import (
    BLANK_TEXT,
    EMPTY_VALUE,
    OBJECT,
    TEXT,
    VALUE_TYPE,
    Field,
    below,
    check_fields,
)

CHAT_ROLES = ("system", "user", "assistant")

CHAT_ROLE = Rule(
    "chat-role",
    f"The role of a message is {', '.join(CHAT_ROLES)}.",
    "SageMaker SDK openai_chat.json; Amazon Nova user guide, RFT",
)

_MESSAGE = (Field("role", TEXT), Field("content", TEXT))


def check_messages(
    messages: list[Any], at: str, *, roles: tuple[str, ...] | None = CHAT_ROLES
) -> Iterator[Violation]:
    """Violations of a list of messages. Other keys of a message pass; without `roles`, any text is a role."""
    for index, message in enumerate(messages):
        where = f"{at}[{index}]"
        if not isinstance(message, dict):
            yield Violation(VALUE_TYPE, where, shown(message), OBJECT.accepted)
            continue
        yield from check_fields(message, _MESSAGE, where, extra=None)
        role = message.get("role")
        if roles and isinstance(role, str) and role not in roles:
            yield Violation(CHAT_ROLE, below(where, "role"), shown(role), ", ".join(roles))


def check_text_or_messages(value: Any, at: str) -> Iterator[Violation]:
    """Violations of a text, or of messages with any roles."""
    if isinstance(value, list):
        if not value:
            yield Violation(EMPTY_VALUE, at, "[]", "one message at least")
        yield from check_messages(value, at, roles=None)
    elif isinstance(value, str) and not value.strip():
        yield Violation(BLANK_TEXT, at, shown(value), "a text that is more than white space")
