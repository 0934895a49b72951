"""The formats that a dialogue can be written in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atelier.datasets.formats.names import Format
from atelier.datasets.transform.dialogue import Block, Dialogue, Unconvertible, text_of
from atelier.datasets.transform.openai_chat import write_answer, write_messages

SCHEMA_VERSION = "bedrock-conversation-2024"


def write(dialogue: Dialogue, target: Format) -> dict[str, Any]:
    """The dialogue as a sample. Unconvertible names what the format has no place for."""
    return TARGETS[target](dialogue)


def _sft(dialogue: Dialogue) -> dict[str, Any]:
    return _converse(dialogue, {"role": "assistant", "content": dialogue.answer})


def _dpo(dialogue: Dialogue) -> dict[str, Any]:
    candidates = [
        {"content": dialogue.answer, "preferenceLabel": "preferred"},
        {"content": _rejected(dialogue), "preferenceLabel": "non-preferred"},
    ]
    return _converse(dialogue, {"role": "assistant", "candidates": candidates})


def _distillation(dialogue: Dialogue) -> dict[str, Any]:
    """Prompts alone: the teacher answers."""
    return _converse(dialogue)


def _converse(dialogue: Dialogue, *last: dict[str, Any]) -> dict[str, Any]:
    sample: dict[str, Any] = {"schemaVersion": SCHEMA_VERSION}
    if dialogue.system:
        sample["system"] = [{"text": text} for text in dialogue.system]
    if dialogue.tool_config:
        sample["toolConfig"] = dialogue.tool_config
    return sample | {"messages": [*dialogue.turns, *last]}


def _gen_qa(dialogue: Dialogue) -> dict[str, Any]:
    """An answer that is a tool call becomes its JSON; the name of the tool goes into `metadata`."""
    sample = _system(dialogue) | {
        "query": _single_question(dialogue),
        "response": text_of(dialogue.answer, "the answer"),
    }
    call = dialogue.answer[0].get("toolUse")
    return sample | {"metadata": call["name"]} if call else sample


def _openai_chat(dialogue: Dialogue) -> dict[str, Any]:
    return {"messages": [*write_messages(dialogue), write_answer(dialogue.answer, "the answer")]}


def _prompt_completion(dialogue: Dialogue) -> dict[str, Any]:
    return _prompt_and_answers(dialogue, {"completion": dialogue.answer})


def _preference(dialogue: Dialogue) -> dict[str, Any]:
    return _prompt_and_answers(dialogue, {"chosen": dialogue.answer, "rejected": _rejected(dialogue)})


def _prompt_and_answers(dialogue: Dialogue, answers: dict[str, list[Block]]) -> dict[str, Any]:
    """As texts where they say it all: one question, no system text. As lists of messages otherwise."""
    messages = write_messages(dialogue)
    if len(messages) == 1:
        texts = {name: text_of(blocks, name) for name, blocks in answers.items()}
        return {"prompt": messages[0]["content"], **texts}
    return {"prompt": messages, **{name: [write_answer(blocks, name)] for name, blocks in answers.items()}}


def _rejected(dialogue: Dialogue) -> list[Block]:
    if dialogue.rejected is None:
        raise Unconvertible("", "one answer", "two answers, of which one is preferred")
    return dialogue.rejected


def _single_question(dialogue: Dialogue) -> str:
    if len(dialogue.turns) > 1:
        found = f"{len(dialogue.turns) - 1} turns before the question"
        raise Unconvertible("messages", found, "one question (--last-exchange drops what is before it)")
    return text_of(dialogue.turns[0]["content"], "the question")


def _system(dialogue: Dialogue) -> dict[str, Any]:
    return {"system": "\n".join(dialogue.system)} if dialogue.system else {}


TARGETS: dict[Format, Callable[[Dialogue], dict[str, Any]]] = {
    Format.SFT: _sft,
    Format.DPO: _dpo,
    Format.GEN_QA: _gen_qa,
    Format.DISTILLATION: _distillation,
    Format.OPENAI_CHAT: _openai_chat,
    Format.PROMPT_COMPLETION: _prompt_completion,
    Format.PREFERENCE: _preference,
}
