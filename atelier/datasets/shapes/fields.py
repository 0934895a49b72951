"""Keys of a JSON object: required and optional ones, and the type of each value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

from atelier.datasets.rules.finding import Rule, Violation, shown

_FORMATS = "the format's own definition (docs/datasets.md, Formats)"

REQUIRED_KEY = Rule("required-key", "Every key that its format requires is in a sample.", _FORMATS)
UNKNOWN_KEY = Rule(
    "unknown-key",
    "A sample, a turn and a candidate have only the keys that their format names.",
    "AWS's validators forbid others (Nova Forge: extra=forbid; SageMaker SDK: additionalProperties false)",
)
UNREAD_KEY = Rule(
    "unread-key",
    "Where AWS's validators let other keys pass, they are left out: nothing is known to read them.",
    "SageMaker SDK's JSON Schemas and Nova Forge's models name the keys that are read",
    "warn",
)
VALUE_TYPE = Rule("value-type", "A value is of the JSON type that its format names.", _FORMATS)
EMPTY_VALUE = Rule(
    "empty-value",
    "A text or a list that has to say something is not empty.",
    "Nova Forge's validators; Amazon Nova user guide, data preparation",
)
BLANK_TEXT = Rule(
    "blank-text",
    "A text is more than white space.",
    "Nova Forge refuses blank text in cpt, rft and gen_qa and lets it pass in conversations",
    "warn",
)
FIELD_RULES = (REQUIRED_KEY, VALUE_TYPE, EMPTY_VALUE)


@dataclass(frozen=True)
class Shape:
    """The JSON types of a value, and how a message calls them."""

    accepted: str
    types: tuple[type, ...]

    def fits(self, value: Any) -> bool:
        """JSON's true and false are no numbers, although Python's are."""
        return isinstance(value, self.types) and not (isinstance(value, bool) and bool not in self.types)


TEXT = Shape("a text", (str,))
OBJECT = Shape("an object", (dict,))
LIST = Shape("a list", (list,))
TEXT_OR_OBJECT = Shape("a text or an object", (str, dict))
TEXT_OR_LIST = Shape("a text or a list", (str, list))
TEXT_LIST_OR_NULL = Shape("a text or a list", (str, list, NoneType))


@dataclass(frozen=True)
class Field:
    """One key of an object. `says`: its text is more than white space, its list or object is not empty."""

    name: str
    shape: Shape
    required: bool = True
    says: bool = False


# Optional keys of the rows of open-weight recipes.
ABOUT = (
    Field("id", TEXT, required=False),
    Field("attributes", OBJECT, required=False),
    Field("difficulty", TEXT, required=False),
)


def check_fields(
    value: dict[str, Any], fields: Sequence[Field], at: str = "", *, extra: Rule | None = UNKNOWN_KEY
) -> Iterator[Violation]:
    """Violations of an object's keys and their types. `extra` is the rule that any other key breaks."""
    named = 0
    for field in fields:
        if field.name not in value:
            if field.required:
                yield Violation(REQUIRED_KEY, below(at, field.name), "no such key", field.shape.accepted)
            continue
        named += 1
        held = value[field.name]
        if not field.shape.fits(held):
            yield Violation(VALUE_TYPE, below(at, field.name), shown(held), field.shape.accepted)
        elif field.says and not (held.strip() if isinstance(held, str) else held) and held is not None:
            accepted = f"{field.shape.accepted} that is not empty"
            yield Violation(EMPTY_VALUE, below(at, field.name), shown(held), accepted)
    if extra and named < len(value):
        names = [field.name for field in fields]
        for key in value:
            if key not in names:
                yield Violation(extra, at, shown(key), ", ".join(names))


def check_text(text: Any, at: str) -> Iterator[Violation]:
    """Violations of a text in a conversation: empty is refused, blank is a warning."""
    if not isinstance(text, str):
        yield Violation(VALUE_TYPE, at, shown(text), TEXT.accepted)
    elif not text:
        yield Violation(EMPTY_VALUE, at, "''", "a text that is not empty")
    elif text.isspace():
        yield Violation(BLANK_TEXT, at, shown(text), "a text that is more than white space")


def below(at: str, key: str) -> str:
    """The path of a key of the object at a path."""
    return f"{at}.{key}" if at else key
