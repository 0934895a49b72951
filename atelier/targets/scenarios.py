"""What a smoke test asks: the scenarios of the run file, or a few that any model should answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from atelier.errors import InvalidScenarios
from atelier.runs.model import Run
from atelier.storage import Objects

MAX_SCENARIOS = 50
_KEYS = ("prompt", "messages", "system", "toolConfig", "expect_tool", "expect_contains")
_BUILT_IN_PROMPTS = ("Hello. Answer in one short sentence.", "What can you help me with?")


@dataclass(frozen=True)
class Scenario:
    """One request in Converse's shape, and what its answer must have. `prompt` is what people read."""

    prompt: str
    request: Mapping[str, Any]
    expect_tool: str | None = None
    expect_contains: str | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Scenario:
        """From {prompt | messages, system?, toolConfig?, expect_tool?, expect_contains?}, else ValueError."""
        unknown = sorted(set(data) - set(_KEYS))
        if unknown:
            raise ValueError(f"unknown key {unknown[0]!r}; accepted: {', '.join(_KEYS)}")
        if ("prompt" in data) == ("messages" in data):
            raise ValueError("exactly one of prompt and messages is needed")
        messages = data.get("messages") or [{"role": "user", "content": [{"text": data["prompt"]}]}]
        request: dict[str, Any] = {"messages": messages}
        if "system" in data:
            system = data["system"]
            request["system"] = [{"text": system}] if isinstance(system, str) else system
        if "toolConfig" in data:
            request["toolConfig"] = data["toolConfig"]
        return cls(_last_text(messages), request, data.get("expect_tool"), data.get("expect_contains"))


def scenarios_of(run: Run, objects: Objects) -> tuple[Scenario, ...]:
    """What the run file asks, or the built-in prompts. InvalidScenarios when they cannot be read."""
    if run.deployment is None or run.deployment.canary is None:
        return tuple(Scenario.from_json({"prompt": prompt}) for prompt in _BUILT_IN_PROMPTS)
    uri = run.deployment.canary.scenarios
    try:
        return read_scenarios(objects.lines(uri), uri)
    except FileNotFoundError as error:
        raise InvalidScenarios(f"deployment.canary.scenarios = {uri!r}: there is no such object") from error


def read_scenarios(lines: Iterable[bytes], uri: str) -> tuple[Scenario, ...]:
    """Scenarios of a JSONL file. InvalidScenarios names the line."""
    scenarios = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            scenarios.append(Scenario.from_json(json.loads(line)))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise InvalidScenarios(f"{uri} line {number}: {error}") from error
    if not 1 <= len(scenarios) <= MAX_SCENARIOS:
        raise InvalidScenarios(f"{uri} has {len(scenarios)} scenarios; accepted: 1 to {MAX_SCENARIOS}")
    return tuple(scenarios)


def _last_text(messages: Iterable[Mapping[str, Any]]) -> str:
    texts = [block["text"] for message in messages for block in message["content"] if "text" in block]
    return texts[-1] if texts else "(no text)"
