"""How several formats write a dialogue: as a Converse sample, as chat messages, as texts."""

from __future__ import annotations

from typing import Any

from atelier.datasets.shapes.dialogue import Block, Dialogue, Unconvertible, text_of

SCHEMA_VERSION = "bedrock-conversation-2024"


def converse_sample(dialogue: Dialogue, *last: dict[str, Any]) -> dict[str, Any]:
    """A sample in the shape of Bedrock's Converse API; `last` is the assistant's last turn."""
    sample: dict[str, Any] = {"schemaVersion": SCHEMA_VERSION}
    if dialogue.system:
        sample["system"] = [{"text": text} for text in dialogue.system]
    if dialogue.tool_config:
        sample["toolConfig"] = dialogue.tool_config
    return sample | {"messages": [*dialogue.turns, *last]}


def write_messages(dialogue: Dialogue) -> list[dict[str, str]]:
    """Everything before the answer, as chat messages of text: recipes that read chats take no other."""
    if dialogue.tool_config:
        raise Unconvertible("toolConfig", "tools", "a conversation without tools")
    messages = [{"role": "system", "content": text} for text in dialogue.system]
    return messages + [
        {"role": turn["role"], "content": text_of(turn["content"], f"messages[{index}]")}
        for index, turn in enumerate(dialogue.turns)
    ]


def write_answer(blocks: list[Block], at: str) -> dict[str, str]:
    """An answer as a message of the assistant."""
    return {"role": "assistant", "content": text_of(blocks, at)}


def prompt_and_answers(dialogue: Dialogue, answers: dict[str, list[Block]]) -> dict[str, Any]:
    """A prompt and its answers: as texts for one question without a system text, else as messages."""
    messages = write_messages(dialogue)
    if len(messages) == 1:
        texts = {name: text_of(blocks, name) for name, blocks in answers.items()}
        return {"prompt": messages[0]["content"], **texts}
    return {"prompt": messages, **{name: [write_answer(blocks, name)] for name, blocks in answers.items()}}


def rejected_answer(dialogue: Dialogue) -> list[Block]:
    """The answer that was not preferred. Unconvertible where there is one answer only."""
    if dialogue.rejected is None:
        raise Unconvertible("", "one answer", "two answers, of which one is preferred")
    return dialogue.rejected


def single_question(dialogue: Dialogue) -> str:
    """The only question, as text. Unconvertible where turns precede it."""
    if len(dialogue.turns) > 1:
        found = f"{len(dialogue.turns) - 1} turns before the question"
        raise Unconvertible("messages", found, "one question (--last-exchange drops what is before it)")
    return text_of(dialogue.turns[0]["content"], "the question")
