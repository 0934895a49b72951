"""The smoke test: does the deployed candidate answer, and as its scenarios expect."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from atelier.errors import RequestRefused
from atelier.targets.ports import Deployments
from atelier.targets.scenarios import Scenario

# Replies travel through the workflow's payload, which holds 256 KiB in all: three texts for each of 50
# scenarios, of characters of up to four bytes, are 180 kB, which leaves room for the scores. States.ALL does
# not catch a payload that is too large, so the run would end with its deployment left behind.
_SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class Reply:
    """What a scenario brought; `problem` is empty when the answer is as expected."""

    prompt: str
    reply: str
    latency_ms: int
    problem: str


@dataclass(frozen=True)
class SmokeTest:
    """Healthy when every scenario was answered as expected."""

    healthy: bool
    reason: str
    replies: tuple[Reply, ...]


def smoke_test(
    deployment_arn: str,
    scenarios: Iterable[Scenario],
    *,
    deployments: Deployments,
    clock: Callable[[], float],
) -> SmokeTest:
    """Send every scenario; `clock` gives seconds. Errors that a retry or a permission may fix are raised."""
    replies = tuple(_ask(deployment_arn, scenario, deployments, clock) for scenario in scenarios)
    problems = [f"{reply.prompt[:60]!r}: {reply.problem}" for reply in replies if reply.problem]
    if problems:
        reason = f"{len(problems)} of {len(replies)} scenarios failed: {problems[0]}"
    else:
        slowest = max((reply.latency_ms for reply in replies), default=0)
        reason = f"all {len(replies)} scenarios were answered as expected, the slowest in {slowest} ms"
    return SmokeTest(not problems, reason, replies)


def _ask(
    deployment_arn: str, scenario: Scenario, deployments: Deployments, clock: Callable[[], float]
) -> Reply:
    asked_at = clock()
    try:
        answer = deployments.converse(deployment_arn, scenario.request)
    except RequestRefused as error:
        content, problem = [], str(error)
    else:
        content = answer["output"]["message"]["content"]
        problem = _problem(scenario, content)
    latency_ms = round((clock() - asked_at) * 1000)
    return Reply(_short(scenario.prompt), _short(_shown(content)), latency_ms, _short(problem))


def _problem(scenario: Scenario, content: Iterable[Mapping[str, Any]]) -> str:
    shown = _shown(content)
    tools = [block["toolUse"]["name"] for block in content if "toolUse" in block]
    if not shown.strip():
        return "the answer is empty"
    if scenario.expect_tool is not None and scenario.expect_tool not in tools:
        called = f"it called {', '.join(tools)}" if tools else "it called none"
        return f"a call of tool {scenario.expect_tool} was expected, {called}"
    if scenario.expect_contains is not None and scenario.expect_contains not in shown:
        return f"the answer does not contain {scenario.expect_contains!r}"
    return ""


def _shown(content: Iterable[Mapping[str, Any]]) -> str:
    """An answer as text: a tool call is its name and its input."""
    parts = []
    for block in content:
        if "text" in block:
            parts.append(block["text"])
        elif "toolUse" in block:
            use = block["toolUse"]
            parts.append(f"{use['name']}({json.dumps(use.get('input', {}), ensure_ascii=False)})")
    return "\n".join(parts)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
