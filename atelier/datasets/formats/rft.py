"""Reinforcement fine-tuning: a prompt in OpenAI's shape, and what a reward function needs.

Keys other than `messages`, `id`, `tools` and `reference_answer` are passed on to the reward function. Source:
Amazon Nova user guide, "Preparing data for RFT"; Nova Forge 1.4.10, rft_dataset_validator.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.rules.feature_counts import FeatureCounts, Features
from atelier.datasets.rules.finding import Rule, Violation, shown
from atelier.datasets.rules.requirements import Bound, Requirements
from atelier.datasets.shapes.fields import (
    FIELD_RULES,
    LIST,
    OBJECT,
    TEXT,
    TEXT_LIST_OR_NULL,
    TEXT_OR_OBJECT,
    UNKNOWN_KEY,
    VALUE_TYPE,
    Field,
    below,
    check_fields,
)
from atelier.datasets.shapes.file_rules import ALL_OR_NONE, check_all_or_none
from atelier.datasets.shapes.functions import FUNCTION_RULES, check_functions

_GUIDE = "Amazon Nova user guide, RFT"
_FORGE = "Nova Forge RFTDatasetSample"
_DOCUMENTED_ROLES = ("system", "user", "assistant")
_ROLES = (*_DOCUMENTED_ROLES, "tool", "bot", "developer")

RFT_ROLE = Rule("rft-role", f"The role of a message is one of {', '.join(_ROLES)}.", _FORGE)
RFT_ROLE_DOCUMENTED = Rule(
    "rft-role-documented",
    f"A message has a role, which is {', '.join(_DOCUMENTED_ROLES)}.",
    f"{_GUIDE}; {_FORGE} takes more roles, any case, and none",
    "warn",
)
SYSTEM_FIRST = Rule("system-first", "Where the system has a message, the first one is the system's.", _FORGE)
USER_PRESENT = Rule("user-present", "There is a message of the user.", _FORGE)
TEXT_ONLY = Rule("text-only", "The content of a message is text.", f"{_GUIDE}; {_FORGE} takes any list")
SINGLE_TURN = Rule(
    "single-turn", "There is one message of the user.", f"{_GUIDE}; {_FORGE} lets more pass", "warn"
)
SHARED_RULES = (
    *FIELD_RULES,
    UNKNOWN_KEY,
    *(RFT_ROLE, RFT_ROLE_DOCUMENTED, SYSTEM_FIRST, USER_PRESENT, TEXT_ONLY),
    *FUNCTION_RULES,
    ALL_OR_NONE,
)

_OPTIONAL_KEYS = ("id", "reference_answer", "tools")
_SAMPLE = (
    Field("messages", LIST, says=True),
    Field("id", TEXT, required=False, says=True),
    Field("reference_answer", TEXT_OR_OBJECT, required=False, says=True),
    Field("tools", LIST, required=False, says=True),
)
_MESSAGE = (
    Field("role", TEXT, required=False),
    Field("content", TEXT_LIST_OR_NULL, required=False, says=True),
    Field("tool_calls", LIST, required=False),
    Field("tool_call_id", TEXT, required=False),
)


def validator(single_turn: Rule) -> Callable[[dict[str, Any], Requirements], Iterator[Violation]]:
    """Validation of one sample; `single_turn` is the rule that several messages of the user break."""

    def validate(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
        yield from check_fields(sample, _SAMPLE, extra=None)
        if isinstance(sample.get("tools"), list):
            yield from check_functions(sample["tools"], "tools")
        messages = sample.get("messages")
        if isinstance(messages, list) and messages:
            yield from _check_messages(messages, single_turn)

    return validate


def _check_messages(messages: list[Any], single_turn: Rule) -> Iterator[Violation]:
    roles = []
    for index, message in enumerate(messages):
        at = f"messages[{index}]"
        if not isinstance(message, dict):
            yield Violation(VALUE_TYPE, at, shown(message), OBJECT.accepted)
            roles.append("")
            continue
        yield from check_fields(message, _MESSAGE, at)
        yield from _check_parts(message.get("content"), below(at, "content"))
        role = message.get("role")
        if role not in _DOCUMENTED_ROLES:
            yield from _check_other_role(role, below(at, "role"))
        roles.append(_as_read(role))
    if "system" in roles and roles[0] != "system":
        yield Violation(SYSTEM_FIRST, "messages", f"message {roles.index('system') + 1}", "the first message")
    users = roles.count("user")
    if users == 0:
        yield Violation(USER_PRESENT, "messages", "no message of the user", "one at least")
    elif users > 1:
        yield Violation(single_turn, "messages", f"{users} messages of the user", "one")


def _as_read(role: Any) -> str:
    """The role in lower case; the developer is the system by another name."""
    role = role.lower() if isinstance(role, str) else ""
    return "system" if role == "developer" else role


def _check_other_role(role: Any, at: str) -> Iterator[Violation]:
    if role is None:
        yield Violation(RFT_ROLE_DOCUMENTED, at, "no role", ", ".join(_DOCUMENTED_ROLES))
    elif isinstance(role, str):
        rule = RFT_ROLE_DOCUMENTED if role.lower() in _ROLES else RFT_ROLE
        yield Violation(rule, at, shown(role), ", ".join(_DOCUMENTED_ROLES))


def _check_parts(content: Any, at: str) -> Iterator[Violation]:
    for index, part in enumerate(content if isinstance(content, list) else ()):
        text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
        if not isinstance(text, str):
            yield Violation(TEXT_ONLY, f"{at}[{index}]", shown(part), '{"type": "text", "text": "…"}')


def features(sample: dict[str, Any]) -> Features:
    """The optional keys that a sample has."""
    return frozenset(key for key in _OPTIONAL_KEYS if key in sample)


def across(feature_counts: FeatureCounts, _requirements: Requirements) -> Iterator[Violation]:
    """Violations of all samples of a file: an optional key is in all of them or in none."""
    return check_all_or_none(feature_counts, _OPTIONAL_KEYS)


RFT = register(
    Definition(
        name="rft",
        use="training",
        purpose="reinforcement fine-tuning of Nova",
        row=(
            '`{"id", "messages": [{"role", "content"}], "tools", "reference_answer", …}`; other keys '
            "reach the reward function"
        ),
        rules=(*SHARED_RULES, SINGLE_TURN),
        validate=validator(SINGLE_TURN),
        features=features,
        across=across,
        requirements=Requirements(min_rows=Bound(100, "the prompts that reinforcement needs")),
    )
)
