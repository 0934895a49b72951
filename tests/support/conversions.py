"""Rows of other layouts, and what the conversion makes of them."""

from __future__ import annotations

import io
import json
from typing import Any

from hypothesis import strategies as st

from atelier.datasets import Format
from atelier.datasets.formats.words import RESERVED_WORDS
from atelier.datasets.transform.convert import Conversion, ConversionResult, convert

TOOL = {
    "type": "function",
    "function": {"name": "look_up", "description": "Find it", "parameters": {"type": "object"}},
}
TOOL_CONFIG = {
    "tools": [
        {
            "toolSpec": {
                "name": "look_up",
                "description": "Find it",
                "inputSchema": {"json": {"type": "object"}},
            }
        }
    ]
}


def said(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def call(arguments: Any, identifier: str = "c1") -> dict[str, Any]:
    return {"id": identifier, "type": "function", "function": {"name": "look_up", "arguments": arguments}}


def turn(role: str, *blocks: Any) -> dict[str, Any]:
    return {
        "role": role,
        "content": [{"text": block} if isinstance(block, str) else block for block in blocks],
    }


def chat(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": list(messages), **more}


def converted(*rows: Any, to: Format = Format.SFT, **asked: Any) -> tuple[list[Any], ConversionResult]:
    """The samples that rows become, and the outcome."""
    lines: list[bytes] = []
    stream = io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    outcome = convert(stream, lines.append, Conversion(to, **asked))
    return [json.loads(line) for line in b"".join(lines).splitlines()], outcome


def reason(*rows: Any, **asked: Any) -> str:
    """Why the only refused row is."""
    _, outcome = converted(*rows, **asked)
    (finding,) = outcome.report.findings
    return f"{finding.at}: {finding.found}"


HELLO = chat(said("user", "Hello"), said("assistant", "Hi"))

texts = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [*RESERVED_WORDS, "a User: b", "Us\u0065r", "[EOS", "<video", "a:b", "ser:", "\u2028", "  "]
    ),
)
plain = st.builds(
    lambda system, exchanges: chat(
        *(said("system", text) for text in system),
        *(
            said(role, text)
            for pair in exchanges
            for role, text in zip(("user", "assistant"), pair, strict=True)
        ),
    ),
    st.lists(texts, max_size=1),
    st.lists(st.tuples(texts, texts), min_size=1, max_size=3),
)
