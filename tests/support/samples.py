"""Rows of every dataset format: small clean ones, and the pieces that conversations are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from atelier.datasets import Format, Report, Requirements, check

Row = dict[str, Any]

VERSION = "bedrock-conversation-2024"


def text(content: str) -> Row:
    return {"text": content}


def user(*blocks: Row) -> Row:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Row) -> Row:
    return {"role": "assistant", "content": list(blocks)}


def call(identifier: str = "c1", name: str = "get_weather", **more: Any) -> Row:
    return {"toolUse": {"toolUseId": identifier, "name": name, "input": {"city": "Oslo"}, **more}}


def result(identifier: str = "c1", *content: Row) -> Row:
    return {"toolResult": {"toolUseId": identifier, "content": list(content) or [text("21")]}}


def tool(name: str = "get_weather", **more: Any) -> Row:
    schema = {"json": {"type": "object", "properties": {"city": {"type": "string"}}}}
    return {"toolSpec": {"name": name, "description": "Tells the weather", "inputSchema": schema, **more}}


def reasoning(content: str = "It is cold.") -> Row:
    return {"reasoningContent": {"reasoningText": {"text": content}}}


def media(kind: str = "image", **more: Any) -> Row:
    formats = {"image": "png", "video": "mp4", "document": "pdf"}
    location = {"uri": f"s3://data/{kind}s/1.{formats[kind]}", "bucketOwner": "111122223333"}
    return {kind: {"format": formats[kind], "source": {"s3Location": location}, **more}}


def sft(*turns: Row, **more: Any) -> Row:
    return {"schemaVersion": VERSION, "messages": list(turns), **more}


def tooled(*turns: Row, tools: Iterable[Row] = (tool(),), **more: Any) -> Row:
    return sft(*turns, toolConfig={"tools": list(tools), **more})


def candidate(label: str, *blocks: Row) -> Row:
    return {"content": list(blocks) or [text("Hi")], "preferenceLabel": label}


def dpo(*candidates: Row, before: Iterable[Row] = (user(text("Hello")),), **more: Any) -> Row:
    return sft(*before, {"role": "assistant", "candidates": list(candidates)}, **more)


PAIR = (candidate("preferred"), candidate("non-preferred", text("Go away")))
ASKED, ANSWERED = user(text("Hello")), assistant(text("Hi"))

# One clean row of every kind that a format has.
CLEAN: dict[str, tuple[Format, Row]] = {
    "sft text": (Format.SFT, sft(ASKED, ANSWERED)),
    "sft turns": (Format.SFT, sft(ASKED, ANSWERED, user(text("Bye")), assistant(text("Bye")))),
    "sft system": (Format.SFT, sft(ASKED, ANSWERED, system=[text("Be kind.")])),
    "sft call": (Format.SFT, tooled(user(text("Cold?")), assistant(text("I look."), call()))),
    "sft tools": (
        Format.SFT,
        tooled(
            user(text("Cold?")),
            assistant(call("a"), call("b")),
            user(result("b"), result("a", {"json": {"degrees": 21}})),
            assistant(text("No.")),
        ),
    ),
    "sft reasoning": (Format.SFT, sft(ASKED, assistant(reasoning(), text("Hi")))),
    "sft image": (Format.SFT, sft(user(text("What is it?"), *[media()] * 10), ANSWERED)),
    "sft video": (Format.SFT, sft(user(media("video"), text("What is it?")), ANSWERED)),
    "sft document": (Format.SFT, sft(user(media("document", name="Report")), ANSWERED)),
    "dpo": (Format.DPO, dpo(*PAIR, system=[text("Be kind.")])),
    "dpo image": (Format.DPO, dpo(*PAIR, before=[user(media(), text("What is it?"))])),
    "dpo three candidates": (Format.DPO, dpo(*PAIR, candidate("non-preferred", text("No")))),
    "ppo": (
        Format.PPO,
        {
            "turns": ["Be kind.", "User: Hello Bot:", "Hi", "User: Bye Bot:", "Bye"],
            "turns_to_mask": [0, 1, 3],
            "reward_category": "default",
            "meta_data": {"source": "chat"},
        },
    ),
    "cpt": (Format.CPT, {"text": "Oslo is the capital of Norway."}),
    "rft": (
        Format.RFT,
        {
            "id": "1",
            "messages": [{"role": "system", "content": "Count."}, {"role": "user", "content": "2 + 2"}],
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "add",
                        "description": "Adds",
                        "parameters": {"type": "object", "properties": {}},
                    },
                }
            ],
            "reference_answer": {"sum": 4},
            "difficulty": "easy",
        },
    ),
    "rft parts": (
        Format.RFT,
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "2 + 2"}]}]},
    ),
    "rft_eval": (
        Format.RFT_EVAL,
        {"messages": [{"role": "user", "content": "2 + 2"}], "reference_answer": "4"},
    ),
    "distillation prompt": (Format.DISTILLATION, sft(ASKED)),
    "distillation answered": (Format.DISTILLATION, sft(ASKED, ANSWERED, system=[text("Be kind.")])),
    "gen_qa": (
        Format.GEN_QA,
        {
            "query": "What is it?",
            "response": "A cat",
            "system": "Look.",
            "images": [{"data": "data:image/png;Base64,AAAA"}],
            "metadata": "cats",
        },
    ),
    "gen_qa metadata object": (Format.GEN_QA, {"query": "q", "response": "r", "metadata": {"topic": "cats"}}),
    "llm_judge": (Format.LLM_JUDGE, {"prompt": "p", "response_A": "a", "response_B": "b"}),
    "llm_judge images": (
        Format.LLM_JUDGE,
        {
            "prompt": "p",
            "response_A": "a",
            "response_B": "b",
            "images": [{"data": "data:image/png;base64,AAAA"}],
        },
    ),
    "preference": (Format.PREFERENCE, {"prompt": "p", "chosen": "c", "rejected": "r"}),
    "preference chats": (
        Format.PREFERENCE,
        {
            "input": [{"role": "user", "content": "p"}],
            "chosen": [{"role": "assistant", "content": "c"}],
            "rejected": [{"role": "assistant", "content": "r"}],
            "attributes": {},
        },
    ),
    "prompt_completion": (Format.PROMPT_COMPLETION, {"prompt": "p", "completion": "c", "id": "1"}),
    "openai_chat": (
        Format.OPENAI_CHAT,
        {"messages": [{"role": "user", "content": "p"}, {"role": "assistant", "content": "c"}]},
    ),
    "verl": (
        Format.VERL,
        {
            "prompt": [{"role": "user", "content": "2 + 2"}],
            "data_source": "sums",
            "ability": "math",
            "reward_model": {"style": "rule", "ground_truth": "4"},
            "extra_info": {"index": 0},
        },
    ),
    "verl text": (Format.VERL, {"prompt": "2 + 2", "attributes": "easy"}),
}


def as_lines(*rows: object) -> bytes:
    """The rows as a file; bytes are a line as they are."""
    return b"".join(
        row + b"\n" if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows
    )


def checked(format_: Format, *rows: object, requirements: Requirements | None = None) -> Report:
    """The report of a file with these rows."""
    return check(BytesIO(as_lines(*rows)), format_, requirements or Requirements())
