"""The layouts that rows come in: how each is recognised, and read into a dialogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from atelier.datasets.formats.dpo import validate as validate_dpo
from atelier.datasets.formats.sft import validate as validate_sft
from atelier.datasets.rules.finding import shown
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.dialogue import Block, Dialogue, Unconvertible, required_text
from atelier.datasets.transform.columns import USUAL, Columns, Row, context_text, is_empty, without
from atelier.datasets.transform.openai_chat import read_messages
from atelier.datasets.transform.row_content import SHAREGPT_ROLES


class Source(StrEnum):
    """One layout of rows."""

    OPENAI_CHAT = "openai-chat"
    OPENAI_PREFERENCE = "openai-preference"
    SHAREGPT = "sharegpt"
    CONVERSE = "converse"
    PREFERENCE = "preference"
    PROMPT_COMPLETION = "prompt-completion"
    QUESTION_ANSWER = "question-answer"
    INSTRUCTION = "instruction"


@dataclass(frozen=True)
class Reading:
    """A row as a dialogue, the columns read for it, and the texts before its question."""

    dialogue: Dialogue
    columns: frozenset[str]
    context: tuple[str, ...] = ()


_QUERY = ("query", "question")
_RESPONSE = ("response", "answer")
_OPENAI_PREFERENCE = frozenset({"input", "preferred_output", "non_preferred_output"})
_CONVERSE = frozenset({"schemaVersion", "system", "toolConfig", "messages"})
_INSTRUCTION = "instruction"
_PROMPT = ("prompt", "input", "question", "query", _INSTRUCTION)
_OF_TEXTS = (Source.PREFERENCE, Source.PROMPT_COMPLETION, Source.QUESTION_ANSWER, Source.INSTRUCTION)


def read(row: Row, source: Source, columns: Columns = USUAL) -> Reading:
    """The row as a dialogue. Unconvertible has the reason if it cannot be one."""
    contexts = columns.contexts(is_usual=source in _OF_TEXTS)
    beside = () if source is Source.CONVERSE and not columns.system else (columns.system or "system",)
    reading = _READERS[source](without(row, (*contexts, *columns.drop, *beside)), columns)
    system = [required_text(row[name], name) for name in beside if not is_empty(row.get(name))]
    return Reading(
        replace(reading.dialogue, system=system + reading.dialogue.system),
        reading.columns.union(contexts, beside),
        tuple(context_text(row[name], name) for name in contexts if not is_empty(row.get(name))),
    )


def detect(row: Row, columns: Columns = USUAL) -> Source | None:
    """The layout that a row has, by its keys; None when it has no known one."""
    row = without(row, (*columns.context, *columns.drop))
    if (columns.chosen or "chosen") in row and (columns.rejected or "rejected") in row:
        return Source.PREFERENCE
    if columns.query and columns.response:
        return Source.QUESTION_ANSWER if columns.query in row and columns.response in row else None
    if "preferred_output" in row and "non_preferred_output" in row:
        return Source.OPENAI_PREFERENCE
    if isinstance(row.get("conversations"), list):
        return Source.SHAREGPT
    messages = row.get("messages")
    if isinstance(messages, list):
        return Source.CONVERSE if any(_is_converse(message) for message in messages) else Source.OPENAI_CHAT
    if "prompt" in row and "completion" in row:
        return Source.PROMPT_COMPLETION
    if columns.has("query", row, _QUERY) and columns.has("response", row, _RESPONSE):
        return Source.QUESTION_ANSWER
    if _INSTRUCTION in row and columns.has("response", row, ("output",)):
        return Source.INSTRUCTION
    return None


def _is_converse(message: Any) -> bool:
    """Converse's blocks are named by their only key, OpenAI's parts by their `type`."""
    if not isinstance(message, dict):
        return False
    content = message.get("content")
    is_blocks = isinstance(content, list) and any(
        isinstance(part, dict) and "type" not in part for part in content
    )
    return is_blocks or "candidates" in message


def _openai_chat(row: Row, _columns: Columns) -> Reading:
    system, turns, tool_config = read_messages(row.get("messages"), "messages", row.get("tools"))
    dialogue = Dialogue.of(turns, at="messages", system=system, tool_config=tool_config)
    return Reading(dialogue, frozenset({"messages", "tools"}))


def _openai_preference(row: Row, _columns: Columns) -> Reading:
    """OpenAI's preference fine-tuning: `input` is an object, the answers are lists of messages."""
    prompt_object = row.get("input")
    if not isinstance(prompt_object, dict) or not isinstance(prompt_object.get("messages"), list):
        raise Unconvertible("input", shown(prompt_object), 'an object with "messages"')
    prompt, tools = prompt_object["messages"], prompt_object.get("tools")
    answers = [row.get(name) for name in ("preferred_output", "non_preferred_output")]
    pair = {"prompt": prompt, "chosen": answers[0], "rejected": answers[1], "tools": tools}
    return Reading(_preference(pair, USUAL).dialogue, _OPENAI_PREFERENCE)


def _sharegpt(row: Row, _columns: Columns) -> Reading:
    messages = [
        {"role": SHAREGPT_ROLES.get(str(role), role), "content": message.get("value")}
        if isinstance(message, dict) and (role := message.get("from"))
        else message
        for message in _as_messages(row.get("conversations"), "user")
    ]
    system, turns, tool_config = read_messages(messages, "conversations", row.get("tools") or None)
    dialogue = Dialogue.of(turns, at="conversations", system=system, tool_config=tool_config)
    return Reading(dialogue, frozenset({"conversations", "tools"}))


def _converse(row: Row, _columns: Columns) -> Reading:
    messages = row.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    is_preference = isinstance(last, dict) and "candidates" in last
    conversation = {name: value for name, value in row.items() if name in _CONVERSE}
    for violation in (validate_dpo if is_preference else validate_sft)(conversation, Requirements()):
        if violation.rule.severity == "refuse":
            raise Unconvertible(violation.at, violation.found, violation.accepted)
    turns: list[Any] = row["messages"]
    system = [block["text"] for block in row.get("system", ())]
    tool_config = row.get("toolConfig")
    if is_preference:
        answers = {
            candidate["preferenceLabel"]: candidate["content"]
            for candidate in reversed(turns[-1]["candidates"])
        }
        dialogue = Dialogue(turns[:-1], answers["preferred"], answers["non-preferred"], system, tool_config)
        return Reading(dialogue, _CONVERSE)
    return Reading(Dialogue.of(turns, at="messages", system=system, tool_config=tool_config), _CONVERSE)


def _preference(row: Row, columns: Columns) -> Reading:
    prompt, query, asking = _question_of(row, columns, _PROMPT)
    names = {role: columns.of(role, row, (role,)) for role in ("chosen", "rejected")}
    chosen, rejected = (row.get(name) for name in names.values())
    if isinstance(chosen, str) and isinstance(rejected, str) and isinstance(prompt, str):
        dialogue = Dialogue(
            turns=[_user(required_text(prompt, query))],
            answer=[{"text": required_text(chosen, names["chosen"])}],
            rejected=[{"text": required_text(rejected, names["rejected"])}],
        )
        return Reading(dialogue, asking.union(names.values()))
    if prompt is None and isinstance(chosen, str):
        raise Unconvertible(query, "no such column", "a column with the question (--query names it)")
    good = _conversation(prompt, chosen, names["chosen"], row.get("tools"))
    bad = _conversation(prompt, rejected, names["rejected"], row.get("tools"))
    if (good.turns, good.system) != (bad.turns, bad.system):
        accepted = "two conversations that differ in the last answer only"
        raise Unconvertible(names["rejected"], "another conversation before the answer", accepted)
    dialogue = Dialogue(good.turns, good.answer, bad.answer, good.system, good.tool_config)
    return Reading(dialogue, asking.union(names.values(), {"tools"}))


def _conversation(prompt: Any, answer: Any, at: str, tools: Any) -> Dialogue:
    """A prompt and its answer; or an answer that is the whole conversation, and the prompt a part of it."""
    context = _as_messages(prompt, "user") if prompt is not None else []
    messages = _as_messages(answer, "assistant")
    if context and messages and _role_of(messages[0]) in ("system", "developer", "user"):
        if not all(message in messages for message in context):
            found = "a conversation that does not ask the prompt"
            raise Unconvertible(at, found, "an answer, or the whole conversation with the prompt in it")
        context = []
    system, turns, tool_config = read_messages([*context, *messages], at, tools)
    return Dialogue.of(turns, at=at, system=system, tool_config=tool_config)


def _as_messages(value: Any, role: str) -> list[Any]:
    return value if isinstance(value, list) else [{"role": role, "content": value}]


def _role_of(message: Any) -> Any:
    return message.get("role") if isinstance(message, dict) else None


def _prompt_completion(row: Row, columns: Columns) -> Reading:
    query, response = columns.of("query", row, ("prompt",)), columns.of("response", row, ("completion",))
    prompt, completion = row.get(query), row.get(response)
    if isinstance(prompt, list) or isinstance(completion, list):
        dialogue = _conversation(prompt, completion, response, row.get("tools"))
        return Reading(dialogue, frozenset({query, response, "tools"}))
    return _question(row, columns, query, response)


def _question_answer(row: Row, columns: Columns) -> Reading:
    return _question(row, columns, columns.of("query", row, _QUERY), columns.of("response", row, _RESPONSE))


def _question(row: Row, columns: Columns, query: str, response: str) -> Reading:
    question, query, asking = _question_of(row, columns, (query,))
    answer: list[Block] = [{"text": required_text(row.get(response), response)}]
    dialogue = Dialogue([_user(required_text(question, query))], answer)
    return Reading(dialogue, asking.union({response}))


def _instruction(row: Row, columns: Columns) -> Reading:
    response = columns.of("response", row, ("output",))
    return _question(row, replace(columns, query=_INSTRUCTION), _INSTRUCTION, response)


def _question_of(row: Row, columns: Columns, usual: Sequence[str]) -> tuple[Any, str, frozenset[str]]:
    """(the question, its column, the columns that were read): an instruction is one with its input."""
    is_instructed = not columns.query and not is_empty(row.get(_INSTRUCTION))
    usual = [name for name in usual if not (is_instructed and name == "input")]
    name = columns.of("query", row, usual)
    question = row.get(name)
    if name != _INSTRUCTION:
        return question, name, frozenset({name})
    given = row.get("input")
    if not is_empty(given):
        question = f"{required_text(question, name)}\n\n{required_text(given, 'input')}"
    return question, name, frozenset({name, "input"})


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


_READERS: dict[Source, Callable[[Row, Columns], Reading]] = {
    Source.OPENAI_CHAT: _openai_chat,
    Source.OPENAI_PREFERENCE: _openai_preference,
    Source.SHAREGPT: _sharegpt,
    Source.CONVERSE: _converse,
    Source.PREFERENCE: _preference,
    Source.PROMPT_COMPLETION: _prompt_completion,
    Source.QUESTION_ANSWER: _question_answer,
    Source.INSTRUCTION: _instruction,
}
