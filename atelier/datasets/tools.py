"""Tools in a conversation: a call names a known tool under an id of its own, a result answers a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atelier.datasets.fault import Fault, shown
from atelier.datasets.rule import Rule

SHAPE = Rule(
    "converse-shape", "A sample is a conversation.", "Amazon Nova user guide, Preparing data for fine-tuning"
)


def tool_names(sample: dict[str, Any]) -> frozenset[str]:
    """Names of the tools that the sample's toolConfig defines."""
    config = sample.get("toolConfig")
    tools = config.get("tools") if isinstance(config, dict) else None
    tools = tools if isinstance(tools, list) else []
    specs = [tool.get("toolSpec") for tool in tools if isinstance(tool, dict)]
    return frozenset(spec["name"] for spec in specs if isinstance(spec, dict) and _is_name(spec.get("name")))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def check_tool_use(messages: list[Any], known: frozenset[str]) -> Iterator[Fault]:
    """Faults in the use of tools. A call in the last turn is what the model learns: nothing answers it."""
    open_calls: set[str] = set()
    seen: set[str] = set()
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        blocks = _blocks(message)
        results = {str(block["toolResult"].get("toolUseId")) for block in blocks if _is(block, "toolResult")}
        for call in sorted(open_calls - results):
            found = f"no result of call {call!r}"
            yield Fault(SHAPE, f"{where}.toolResult", found, "a result for every call in the turn after it")
        for result in sorted(results - open_calls):
            yield Fault(
                SHAPE,
                f"{where}.toolResult.toolUseId",
                shown(result),
                "the id of a call in the turn before it",
            )
        open_calls = set()
        for block in blocks:
            if _is(block, "toolUse"):
                yield from _check_call(block["toolUse"], known, seen, where)
                open_calls.add(str(block["toolUse"].get("toolUseId")))
                seen |= open_calls


def _check_call(call: dict[str, Any], known: frozenset[str], seen: set[str], where: str) -> Iterator[Fault]:
    if call.get("name") not in known:
        accepted = ", ".join(sorted(known)) or "a toolConfig that defines the tools"
        yield Fault(SHAPE, f"{where}.toolUse.name", shown(call.get("name")), accepted)
    identifier = call.get("toolUseId")
    if not _is_name(identifier) or identifier in seen:
        yield Fault(
            SHAPE, f"{where}.toolUse.toolUseId", shown(identifier), "an id that is used once in the sample"
        )
    if not isinstance(call.get("input"), dict):
        yield Fault(SHAPE, f"{where}.toolUse.input", shown(call.get("input")), "an object")


def _blocks(message: Any) -> list[Any]:
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, list) else []


def _is(block: Any, kind: str) -> bool:
    return isinstance(block, dict) and isinstance(block.get(kind), dict)
