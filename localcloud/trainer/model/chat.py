"""The chat template of the tiny model: Converse messages to tokens, generated text to content blocks.

    <|system|>{text}<|user|>{text}<|assistant|>{text}<|end|>
    <|user|><|result|>{tool result}<|assistant|>{text}<|end|>

A toolUse block is one line of text, `{"name":…,"arguments":…}`: the same text that gen_qa rows hold as gold
answers and DPO rows as candidates. `toolConfig` is not rendered, because schemas would not fit a context of
256 tokens: the model knows the tools it was trained on, and `toolConfig` decides which of its calls are
recognised. Block shapes are those of bedrock-runtime's Converse.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.trainer.model.tokenizer import Special, Tokenizer

Block = Mapping[str, Any]
Message = Mapping[str, Any]


class InvalidMessage(ValueError):
    """A message or content block that the template cannot express."""


@dataclasses.dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of a conversation and, for each, whether the assistant wrote it (what training learns)."""

    ids: list[int]
    learned: list[bool]


def encode_prompt(
    tokenizer: Tokenizer, messages: Sequence[Message], system: Sequence[Block] | None = None
) -> list[int]:
    """Ids of a conversation that ends with the user's turn, opened for the assistant to answer."""
    return [*encode_conversation(tokenizer, messages, system).ids, tokenizer.special[Special.ASSISTANT]]


def encode_conversation(
    tokenizer: Tokenizer, messages: Sequence[Message], system: Sequence[Block] | None = None
) -> Encoded:
    """Ids of a whole conversation, for training."""
    ids: list[int] = []
    learned: list[bool] = []
    if system:
        text = "\n".join(_text_of(block, "system") for block in system)
        ids += [tokenizer.special[Special.SYSTEM], *tokenizer.encode(text)]
        learned += [False] * len(ids)
    for message in messages:
        if message["role"] == "assistant":
            answer = encode_answer(tokenizer, message["content"])
            ids += [tokenizer.special[Special.ASSISTANT], *answer]
            learned += [False, *itertools.repeat(True, len(answer))]
        else:
            turn = [tokenizer.special[Special.USER], *_user_ids(tokenizer, message["content"])]
            ids += turn
            learned += [False] * len(turn)
    return Encoded(ids, learned)


def encode_answer(tokenizer: Tokenizer, content: Sequence[Block]) -> list[int]:
    """Ids of an assistant's turn, with the token that ends it."""
    return [*tokenizer.encode(render_answer(content)), tokenizer.special[Special.END]]


def render_answer(content: Sequence[Block]) -> str:
    """An assistant's turn as text, each block on lines of its own."""
    return "\n".join(
        render_call(block["toolUse"]) if "toolUse" in block else _text_of(block, "assistant")
        for block in content
    )


def render_call(tool_use: Mapping[str, Any]) -> str:
    """A toolUse block as the model writes it: compact JSON on one line, arguments in the order given."""
    call = {"name": tool_use["name"], "arguments": tool_use["input"]}
    return json.dumps(call, separators=(",", ":"), ensure_ascii=False)


def parse_answer(text: str, offered: Sequence[str], first_id: int = 1) -> list[dict[str, Any]]:
    """Content blocks of a generated text; ids of its tool uses count up from `first_id`.

    A call that is no valid JSON, or of a tool that was not offered, stays visible as text: it is what the
    model said.
    """
    blocks: list[dict[str, Any]] = []
    numbers = itertools.count(first_id)
    for line in text.split("\n"):
        tool_use = _parse_call(line, offered)
        if tool_use is not None:
            blocks.append({"toolUse": {"toolUseId": f"tooluse_{next(numbers)}", **tool_use}})
        elif blocks and "text" in blocks[-1]:
            blocks[-1]["text"] += "\n" + line
        else:
            blocks.append({"text": line})
    return [block for block in blocks if block.get("text") != ""]


def tool_names(tool_config: Mapping[str, Any] | None) -> list[str]:
    return [tool["toolSpec"]["name"] for tool in (tool_config or {}).get("tools", ()) if "toolSpec" in tool]


def _parse_call(line: str, offered: Sequence[str]) -> dict[str, Any] | None:
    try:
        call = json.loads(line)
    except json.JSONDecodeError:
        return None
    match call:
        case {"name": str(name), "arguments": dict(arguments)} if name in offered and len(call) == 2:
            return {"name": name, "input": arguments}
    return None


def _user_ids(tokenizer: Tokenizer, content: Sequence[Block]) -> list[int]:
    ids: list[int] = []
    for block in content:
        if "toolResult" in block:
            ids += [tokenizer.special[Special.RESULT], *tokenizer.encode(_result_text(block["toolResult"]))]
        else:
            ids += tokenizer.encode(_text_of(block, "user"))
    return ids


def _result_text(result: Mapping[str, Any]) -> str:
    return "\n".join(
        json.dumps(block["json"], separators=(",", ":"), ensure_ascii=False)
        if "json" in block
        else _text_of(block, "toolResult")
        for block in result["content"]
    )


def _text_of(block: Block, where: str) -> str:
    text = block.get("text")
    if not isinstance(text, str):
        raise InvalidMessage(f"{where}: a content block holds {sorted(block)}; only text and tools are read")
    return text
