"""PPO: dialogues as a list of texts, some of them masked from the loss (Amazon Nova user guide, "PPO")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.definition import Definition, register
from atelier.datasets.rules.finding import Rule, Violation, shown
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.fields import (
    EMPTY_VALUE,
    FIELD_RULES,
    LIST,
    OBJECT,
    TEXT,
    UNKNOWN_KEY,
    VALUE_TYPE,
    Field,
    check_fields,
)

_GUIDE = "Amazon Nova user guide, PPO"
CATEGORIES = ("default", "math", "coding", "if", "rag", "rai")
_USER, _BOT = "User:", "Bot:"

USER_TURN_ENDS = Rule(
    "user-turn-ends",
    f'A turn of the user, which is every second one after the system\'s, ends with "{_BOT}".',
    _GUIDE,
)
USER_TURN_BEGINS = Rule(
    "user-turn-begins",
    f'A turn of the user begins with "{_USER}".',
    f"{_GUIDE}: shown in its example, not required",
    "warn",
)
DIALOGUE = Rule("dialogue", "There are two turns at least: the system's and the user's.", _GUIDE)
MASK_INDEX = Rule("mask-index", "turns_to_mask counts turns from 0, each at most once.", _GUIDE)
MASK_PATTERN = Rule(
    "mask-pattern", "The system's turn and every turn of the user are masked (0, 1, 3, 5, …).", _GUIDE
)
REWARD_CATEGORY = Rule("reward-category", f"reward_category is one of {', '.join(CATEGORIES)}.", _GUIDE)
_OWN_RULES = (USER_TURN_ENDS, USER_TURN_BEGINS, DIALOGUE, MASK_INDEX, MASK_PATTERN, REWARD_CATEGORY)

_SAMPLE = (
    Field("turns", LIST),
    Field("turns_to_mask", LIST),
    Field("reward_category", TEXT),
    Field("meta_data", OBJECT, required=False),
)


def validate(sample: dict[str, Any], _requirements: Requirements) -> Iterator[Violation]:
    """Violations of one sample. The system's turn may be an empty text; no other may."""
    yield from check_fields(sample, _SAMPLE)
    turns, mask, category = sample.get("turns"), sample.get("turns_to_mask"), sample.get("reward_category")
    if isinstance(turns, list):
        yield from _check_turns(turns)
        if isinstance(mask, list):
            yield from _check_mask(mask, len(turns))
    if isinstance(category, str) and category not in CATEGORIES:
        yield Violation(REWARD_CATEGORY, "reward_category", shown(category), ", ".join(CATEGORIES))


def _check_turns(turns: list[Any]) -> Iterator[Violation]:
    if len(turns) < 2:
        yield Violation(DIALOGUE, "turns", f"{len(turns)} turns", "the system's turn, then the user's")
    for index, turn in enumerate(turns):
        at = f"turns[{index}]"
        if not isinstance(turn, str):
            yield Violation(VALUE_TYPE, at, shown(turn), TEXT.accepted)
        elif index and not turn.strip():
            yield Violation(EMPTY_VALUE, at, shown(turn), "a text that is not empty")
        elif _is_user(index):
            if not turn.rstrip().endswith(_BOT):
                yield Violation(USER_TURN_ENDS, at, shown(turn[-20:]), f"… {_BOT}")
            if not turn.startswith(_USER):
                yield Violation(USER_TURN_BEGINS, at, shown(turn[:20]), f"{_USER} …")


def _check_mask(mask: list[Any], turns: int) -> Iterator[Violation]:
    seen: set[int] = set()
    for position, index in enumerate(mask):
        at = f"turns_to_mask[{position}]"
        if not isinstance(index, int) or isinstance(index, bool):
            yield Violation(VALUE_TYPE, at, shown(index), "a whole number")
        elif not 0 <= index < turns or index in seen:
            yield Violation(MASK_INDEX, at, shown(index), f"0 to {turns - 1}, each once")
        else:
            seen.add(index)
    missing = [index for index in range(turns) if (index == 0 or _is_user(index)) and index not in seen]
    if missing:
        yield Violation(
            MASK_PATTERN, "turns_to_mask", f"without {shown(missing)}", "0 and every turn of the user"
        )


def _is_user(index: int) -> bool:
    return index % 2 == 1


PPO = register(
    Definition(
        name="ppo",
        use="training",
        purpose="PPO of Nova",
        row=(
            '`{"turns": ["<system>", "User: … Bot:", "<answer>", …], "turns_to_mask": [0, 1, 3, …], '
            '"reward_category", "meta_data"}`'
        ),
        rules=(*FIELD_RULES, UNKNOWN_KEY, *_OWN_RULES),
        validate=validate,
    )
)
