"""The layouts that rows come in: how each is recognised, and read into a dialogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from atelier.datasets.formats.dpo import validate as explain_dpo
from atelier.datasets.formats.sft import validate as explain_sft
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.rules.violation import shown
from atelier.datasets.transform.dialogue import Block, Dialogue, Unconvertible, required_text
from atelier.datasets.transform.openai_chat import read_messages
from atelier.datasets.transform.row_content import SHAREGPT_ROLES

Row = Mapping[str, Any]


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
class Columns:
    """What a file calls its columns; None: one of the names that are usual."""

    query: str | None = None
    response: str | None = None
    system: str | None = None
    chosen: str | None = None
    rejected: str | None = None

    def of(self, role: str, row: Row, usual: Sequence[str]) -> str:
        """The row's name for a column; the first usual one where the row has none of them."""
        named: str | None = getattr(self, role)
        return named or next((name for name in usual if name in row), usual[0])


@dataclass(frozen=True)
class Reading:
    """A row as a dialogue, and the columns that were read for it."""

    dialogue: Dialogue
    columns: frozenset[str]


_QUERY = ("query", "question")
_RESPONSE = ("response", "answer")
_OPENAI_PREFERENCE = frozenset({"input", "preferred_output", "non_preferred_output"})
_PROMPT = ("prompt", "input", "question", "query")


def read(row: Row, source: Source, columns: Columns = Columns()) -> Reading:
    """The row as a dialogue. Unconvertible says what keeps it from being one."""
    return _READERS[source](row, columns)


def detect(row: Row, columns: Columns = Columns()) -> Source | None:
    """The layout that a row has, by its keys; None when it has no known one."""
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
    if columns.of("query", row, _QUERY) in row and columns.of("response", row, _RESPONSE) in row:
        return Source.QUESTION_ANSWER
    if "instruction" in row and "output" in row:
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


def _openai_chat(row: Row, columns: Columns) -> Reading:
    beside, read_columns = _system(row, columns)
    system, turns, tool_config = read_messages(row.get("messages"), "messages", row.get("tools"))
    dialogue = Dialogue.of(turns, at="messages", system=beside + system, tool_config=tool_config)
    return Reading(dialogue, frozenset({"messages", "tools"}) | read_columns)


def _openai_preference(row: Row, _columns: Columns) -> Reading:
    """OpenAI's preference fine-tuning: what was asked is an object, the answers are lists of messages."""
    asked = row.get("input")
    if not isinstance(asked, dict) or not isinstance(asked.get("messages"), list):
        raise Unconvertible("input", shown(asked), 'an object with "messages"')
    prompt, tools = asked["messages"], asked.get("tools")
    answers = [row.get(name) for name in ("preferred_output", "non_preferred_output")]
    pair = {"prompt": prompt, "chosen": answers[0], "rejected": answers[1], "tools": tools}
    return Reading(_preference(pair, Columns()).dialogue, _OPENAI_PREFERENCE)


def _sharegpt(row: Row, columns: Columns) -> Reading:
    system, read_columns = _system(row, columns)
    messages = [
        {"role": SHAREGPT_ROLES.get(str(role), role), "content": message.get("value")}
        if isinstance(message, dict) and (role := message.get("from"))
        else message
        for message in _as_messages(row.get("conversations"), "user")
    ]
    more, turns, tool_config = read_messages(messages, "conversations", row.get("tools") or None)
    dialogue = Dialogue.of(turns, at="conversations", system=system + more, tool_config=tool_config)
    return Reading(dialogue, frozenset({"conversations", "tools"}) | read_columns)


def _converse(row: Row, _columns: Columns) -> Reading:
    messages = row.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    is_preference = isinstance(last, dict) and "candidates" in last
    for violation in (explain_dpo if is_preference else explain_sft)(dict(row), Requirements()):
        if violation.rule.severity == "refuse":
            raise Unconvertible(violation.at, violation.found, violation.accepted)
    turns: list[Any] = row["messages"]
    system = [block["text"] for block in row.get("system", ())]
    tool_config = row.get("toolConfig")
    read_columns = frozenset({"schemaVersion", "system", "toolConfig", "messages"})
    if is_preference:
        answers = {
            candidate["preferenceLabel"]: candidate["content"]
            for candidate in reversed(turns[-1]["candidates"])
        }
        dialogue = Dialogue(turns[:-1], answers["preferred"], answers["non-preferred"], system, tool_config)
        return Reading(dialogue, read_columns)
    return Reading(Dialogue.of(turns, at="messages", system=system, tool_config=tool_config), read_columns)


def _preference(row: Row, columns: Columns) -> Reading:
    names = {
        "query": columns.of("query", row, _PROMPT),
        "chosen": columns.of("chosen", row, ("chosen",)),
        "rejected": columns.of("rejected", row, ("rejected",)),
    }
    prompt, chosen, rejected = (row.get(name) for name in names.values())
    if isinstance(chosen, str) and isinstance(rejected, str) and isinstance(prompt, str):
        system, read_columns = _system(row, columns)
        dialogue = Dialogue(
            turns=[_user(required_text(prompt, names["query"]))],
            answer=[{"text": required_text(chosen, names["chosen"])}],
            rejected=[{"text": required_text(rejected, names["rejected"])}],
            system=system,
        )
        return Reading(dialogue, frozenset(names.values()) | read_columns)
    if prompt is None and isinstance(chosen, str):
        raise Unconvertible(names["query"], "no such column", "a column with the question (--query names it)")
    good = _conversation(prompt, chosen, names["chosen"], row.get("tools"))
    bad = _conversation(prompt, rejected, names["rejected"], row.get("tools"))
    if (good.turns, good.system) != (bad.turns, bad.system):
        accepted = "two conversations that differ in the last answer only"
        raise Unconvertible(names["rejected"], "another conversation before the answer", accepted)
    dialogue = Dialogue(good.turns, good.answer, bad.answer, good.system, good.tool_config)
    return Reading(dialogue, frozenset({*names.values(), "tools"}))


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
    system, read_columns = _system(row, columns)
    turns = [_user(required_text(row.get(query), query))]
    answer: list[Block] = [{"text": required_text(row.get(response), response)}]
    return Reading(Dialogue(turns, answer, system=system), frozenset({query, response}) | read_columns)


def _instruction(row: Row, columns: Columns) -> Reading:
    system, read_columns = _system(row, columns)
    instruction = required_text(row.get("instruction"), "instruction")
    given = row.get("input")
    question = f"{instruction}\n\n{required_text(given, 'input')}" if given else instruction
    response = columns.of("response", row, ("output",))
    answer: list[Block] = [{"text": required_text(row.get(response), response)}]
    dialogue = Dialogue([_user(question)], answer, system=system)
    return Reading(dialogue, frozenset({"instruction", "input", response}) | read_columns)


def _system(row: Row, columns: Columns) -> tuple[list[str], frozenset[str]]:
    name = columns.of("system", row, ("system",))
    text = row.get(name)
    return [required_text(text, name)] if text else [], frozenset({name})


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
