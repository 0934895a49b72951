"""Tools in a conversation: definitions, calls and results, and their consistency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from atelier.datasets.rules.finding import Rule, Violation, shown
from atelier.datasets.shapes.blocks import Block
from atelier.datasets.shapes.fields import (
    LIST,
    OBJECT,
    TEXT,
    UNREAD_KEY,
    VALUE_TYPE,
    Field,
    below,
    check_fields,
)
from atelier.datasets.shapes.words import check_words

_FORGE = "Nova Forge sft_dataset_validator"

TOOL_DESCRIBED = Rule(
    "tool-described",
    "A tool has a description.",
    f"{_FORGE} requires it, Bedrock's Converse API does not",
    "warn",
)
TOOL_SCHEMA_TYPE = Rule(
    "tool-schema-type",
    'The JSON Schema of a tool\'s input says its "type".',
    f"{_FORGE} requires it, Bedrock's Converse API does not",
    "warn",
)
TOOL_NAMES_UNIQUE = Rule("tool-names-unique", "No two tools of a sample have one name.", _FORGE)
TOOL_KNOWN = Rule(
    "tool-known",
    "A call names a tool that the sample's toolConfig defines.",
    f"{_FORGE}, which does not look where there is no toolConfig",
)
CALL_ID_UNIQUE = Rule("call-id-unique", "A toolUseId names one call of a sample.", _FORGE)
CALL_ANSWERED = Rule(
    "call-answered",
    "A call has a result in a later turn, unless it is in the last turn: there it is what the model learns.",
    "Amazon Nova user guide, tool use; Nova Forge does not look",
)
RESULT_NEXT_TURN = Rule(
    "result-next-turn",
    "The result of a call is in the turn that follows the call.",
    "Bedrock's Converse API refuses others at inference; Nova Forge lets them pass",
    "warn",
)
RESULT_OF_CALL = Rule("result-of-call", "A result has the id of a call in an earlier turn.", _FORGE)
RESULT_ONCE = Rule("result-once", "A call has one result.", _FORGE)
RESULT_CONTENT = Rule(
    "result-content",
    'The content of a result is blocks of one "text" or one "json".',
    f"{_FORGE}; Bedrock's Converse API has more kinds at inference",
)
TOOL_RULES = (
    *(TOOL_DESCRIBED, TOOL_SCHEMA_TYPE, TOOL_NAMES_UNIQUE, TOOL_KNOWN, CALL_ID_UNIQUE, CALL_ANSWERED),
    *(RESULT_NEXT_TURN, RESULT_OF_CALL, RESULT_ONCE, RESULT_CONTENT),
)

_CONFIG = (Field("tools", LIST, says=True),)
_TOOL = (Field("toolSpec", OBJECT),)
_SPEC = (
    Field("name", TEXT, says=True),
    Field("description", TEXT, required=False),
    Field("inputSchema", OBJECT),
)
_SCHEMA = (Field("json", OBJECT),)
_CALL = (Field("toolUseId", TEXT, says=True), Field("name", TEXT, says=True), Field("input", OBJECT))
_RESULT = (
    Field("toolUseId", TEXT, says=True),
    Field("content", LIST, says=True),
    Field("status", TEXT, required=False),
)
_ANSWER_TYPES = {"text": TEXT, "json": OBJECT}


def check_tool_config(config: Any) -> Iterator[Violation]:
    """Violations of a sample's toolConfig."""
    if not isinstance(config, dict):
        yield Violation(VALUE_TYPE, "toolConfig", shown(config), OBJECT.accepted)
        return
    yield from check_fields(config, _CONFIG, "toolConfig", extra=UNREAD_KEY)
    seen: set[str] = set()
    for index, tool in enumerate(_list(config.get("tools"))):
        at = f"toolConfig.tools[{index}]"
        if not isinstance(tool, dict):
            yield Violation(VALUE_TYPE, at, shown(tool), OBJECT.accepted)
            continue
        yield from check_fields(tool, _TOOL, at, extra=UNREAD_KEY)
        spec = tool.get("toolSpec")
        if isinstance(spec, dict):
            yield from _check_spec(spec, f"{at}.toolSpec", seen)


def _check_spec(spec: dict[str, Any], at: str, seen: set[str]) -> Iterator[Violation]:
    yield from check_fields(spec, _SPEC, at, extra=UNREAD_KEY)
    yield from check_naming(spec, at, seen)
    schema = spec.get("inputSchema")
    if isinstance(schema, dict):
        yield from check_fields(schema, _SCHEMA, below(at, "inputSchema"), extra=UNREAD_KEY)
        document = schema.get("json")
        if isinstance(document, dict) and "type" not in document:
            yield Violation(TOOL_SCHEMA_TYPE, below(at, "inputSchema.json"), "no type", '"type": "object"')


def check_naming(tool: dict[str, Any], at: str, seen: set[str]) -> Iterator[Violation]:
    """Violations of a tool's name and description. The name is added to `seen`, the names before it."""
    name, description = tool.get("name"), tool.get("description", "")
    if isinstance(name, str):
        if name in seen:
            yield Violation(
                TOOL_NAMES_UNIQUE, below(at, "name"), shown(name), "a name that no other tool has"
            )
        seen.add(name)
    if isinstance(description, str) and not description.strip():
        yield Violation(TOOL_DESCRIBED, below(at, "description"), shown(description), "what the tool is for")


def tool_names(sample: dict[str, Any]) -> frozenset[str]:
    """Names of the tools that the sample's toolConfig defines."""
    config = sample.get("toolConfig")
    tools = _list(config.get("tools")) if isinstance(config, dict) else []
    specs = [tool.get("toolSpec") for tool in tools if isinstance(tool, dict)]
    names = [spec.get("name") for spec in specs if isinstance(spec, dict)]
    return frozenset(name for name in names if isinstance(name, str))


def check_call(call: dict[str, Any], at: str) -> Iterator[Violation]:
    """Violations of one toolUse by itself."""
    yield from check_fields(call, _CALL, at, extra=UNREAD_KEY)


def check_result(result: dict[str, Any], at: str) -> Iterator[Violation]:
    """Violations of one toolResult by itself."""
    yield from check_fields(result, _RESULT, at, extra=UNREAD_KEY)
    for index, answer in enumerate(_list(result.get("content"))):
        where = f"{at}.content[{index}]"
        kinds = list(answer) if isinstance(answer, dict) else []
        if len(kinds) != 1 or kinds[0] not in _ANSWER_TYPES:
            yield Violation(RESULT_CONTENT, where, shown(answer), '{"text": "…"} or {"json": {…}}')
            continue
        shape = _ANSWER_TYPES[kinds[0]]
        if not shape.fits(answer[kinds[0]]):
            yield Violation(VALUE_TYPE, below(where, kinds[0]), shown(answer[kinds[0]]), shape.accepted)
        yield from check_words(answer.get("text"), below(where, "text"))


def check_tool_use(blocks: Sequence[Block], known: frozenset[str], turns: int) -> Iterator[Violation]:
    """Violations between calls and results. `known` are the tools' names, `turns` is the number of turns."""
    calls: dict[str, Block] = {}
    answered: set[str] = set()
    accepted_names = ""
    for block in blocks:
        identifier = block.value.get("toolUseId")
        if block.kind == "toolUse":
            name = block.value.get("name")
            if isinstance(name, str) and name.strip() and name not in known:
                accepted_names = accepted_names or _names(known)
                yield Violation(TOOL_KNOWN, below(block.at, "name"), shown(name), accepted_names)
            if isinstance(identifier, str):
                if identifier in calls:
                    accepted = "an id that no other call has"
                    yield Violation(CALL_ID_UNIQUE, below(block.at, "toolUseId"), shown(identifier), accepted)
                else:
                    calls[identifier] = block
        elif block.kind == "toolResult" and isinstance(identifier, str):
            yield from _check_answer(block, identifier, calls, answered)
            answered.add(identifier)
    for identifier, call in calls.items():
        if identifier not in answered and call.turn != turns - 1:
            yield Violation(
                CALL_ANSWERED, call.at, f"no result of {shown(identifier)}", "a toolResult with its id"
            )


def _check_answer(
    result: Block, identifier: str, calls: dict[str, Block], answered: set[str]
) -> Iterator[Violation]:
    at = below(result.at, "toolUseId")
    call = calls.get(identifier)
    if call is None or call.turn >= result.turn:
        yield Violation(RESULT_OF_CALL, at, shown(identifier), "the id of a call in an earlier turn")
    elif identifier in answered:
        yield Violation(RESULT_ONCE, at, shown(identifier), "the id of a call that has no result yet")
    elif call.turn != result.turn - 1:
        found = f"a call in messages[{call.turn}]"
        yield Violation(RESULT_NEXT_TURN, at, found, f"a call in messages[{result.turn - 1}]")


def _names(known: frozenset[str]) -> str:
    return f"one of {shown(sorted(known))}" if known else "a tool that toolConfig defines"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
