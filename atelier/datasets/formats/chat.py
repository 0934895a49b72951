"""Messages in OpenAI's shape: a role and a text each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.formats.fields import OBJECT, TEXT, VALUE_TYPE, Field, below, check_fields
from atelier.datasets.rules.rule import Rule
from atelier.datasets.rules.violation import Violation, shown

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
    """Faults of a list of messages; what else a message has is its own affair. No roles: any text is one."""
    for index, message in enumerate(messages):
        where = f"{at}[{index}]"
        if not isinstance(message, dict):
            yield Violation(VALUE_TYPE, where, shown(message), OBJECT.accepted)
            continue
        yield from check_fields(message, _MESSAGE, where, extra=None)
        role = message.get("role")
        if roles and isinstance(role, str) and role not in roles:
            yield Violation(CHAT_ROLE, below(where, "role"), shown(role), ", ".join(roles))
