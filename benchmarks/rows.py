"""Made-up datasets to measure with: the same rows from the same seed, in several scripts, with escapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

ROWS = 200_000

_ENGLISH = """the of to and in is for that with as on be this by from can it not or your when will order
    please account model reply "quoted" C:\\temp 3.14"""
_OTHERS = "größer façade señor Łódź été данные ответ データ 返信 שלום 🚚 ✅"
_ENDS = (". ", ".\n", "?\n\n", ": ", "!\t", ", ")
_SENTENCES = 1_000
_TOOLS = ("get_order", "refund", "find_store", "get_weather")


def converse_rows(count: int = ROWS, *, seed: int = 3, tools: bool = False) -> Iterator[bytes]:
    """Lines of Converse conversations of two to six turns, about 1 kB each, every other one in English.

    With `tools` every row has the same toolConfig of about 3 kB, and every third calls a tool.
    """
    random = Random(seed)  # noqa: S311 - made-up text, not a secret
    languages = _languages(random)
    config = {"tools": [_tool(name, random.choices(languages[0], k=4)) for name in _TOOLS]}
    for number in range(count):
        sentences = languages[number % 2]
        sample: dict[str, Any] = {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": sentences[number % 7]}],
            "messages": [
                {"role": role, "content": [{"text": text}]} for role, text in _exchanges(random, sentences)
            ],
        }
        if tools:
            sample["toolConfig"] = config
            sample["messages"] += _tool_turns(number, random) if number % 3 == 0 else []
        yield _line(number, sample)


def openai_rows(count: int = ROWS, *, seed: int = 3) -> Iterator[bytes]:
    """Lines of the same conversations as OpenAI's chat messages."""
    random = Random(seed)  # noqa: S311 - made-up text, not a secret
    languages = _languages(random)
    for number in range(count):
        sentences = languages[number % 2]
        messages = [{"role": "system", "content": sentences[number % 7]}]
        messages += [{"role": role, "content": text} for role, text in _exchanges(random, sentences)]
        yield _line(number, {"messages": messages})


def _line(number: int, sample: dict[str, Any]) -> bytes:
    """One line. Every eighth is escaped to ASCII, as Python writes JSON by default."""
    return json.dumps(sample, ensure_ascii=number % 8 == 0).encode() + b"\n"


def _exchanges(random: Random, sentences: list[str]) -> Iterator[tuple[str, str]]:
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        yield "user", "".join(random.choices(sentences, k=random.randint(1, 3)))
        yield "assistant", "".join(random.choices(sentences, k=random.randint(2, 6)))


def _tool_turns(number: int, random: Random) -> list[dict[str, Any]]:
    call = {"toolUseId": f"call-{number}", "name": random.choice(_TOOLS), "input": {"query": "x", "limit": 3}}
    result = {"toolUseId": f"call-{number}", "content": [{"json": {"found": number, "in_time": True}}]}
    return [
        {"role": "user", "content": [{"text": "And now?"}]},
        {"role": "assistant", "content": [{"text": "Let me see."}, {"toolUse": call}]},
        {"role": "user", "content": [{"toolResult": result}]},
        {"role": "assistant", "content": [{"text": "Here it is."}]},
    ]


def _languages(random: Random) -> list[list[str]]:
    """Sentences in English, and ones in which every third word has accents or another script."""
    vocabularies = (_ENGLISH.split(), f"{_ENGLISH} {_OTHERS}".split())
    return [[_sentence(random, words) for _ in range(_SENTENCES)] for words in vocabularies]


def _sentence(random: Random, words: list[str]) -> str:
    return " ".join(random.choices(words, k=random.randint(6, 22))) + random.choice(_ENDS)


def _tool(name: str, texts: list[str]) -> dict[str, Any]:
    properties = {
        f"{name}_{index}": {"type": "string", "description": text} for index, text in enumerate(texts)
    }
    schema = {"type": "object", "properties": properties, "required": sorted(properties)[:1]}
    return {"toolSpec": {"name": name, "description": texts[0], "inputSchema": {"json": schema}}}
