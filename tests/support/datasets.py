"""Datasets that are right, small, and where a run expects them."""

from __future__ import annotations

import json
from typing import Any

from tests.support.runs import BUCKET

TRAIN = f"s3://{BUCKET}/datasets/a/train.jsonl"
GEN_QA = f"s3://{BUCKET}/datasets/b/gen_qa.jsonl"
EVALUATION: dict[str, Any] = {"query": "Where is the order C-373 of last week?", "response": "In Oslo."}
TALK: dict[str, Any] = {
    "schemaVersion": "bedrock-conversation-2024",
    "messages": [
        {"role": "user", "content": [{"text": "Hello"}]},
        {"role": "assistant", "content": [{"text": "Hi"}]},
    ],
}


def asking(question: str) -> dict[str, Any]:
    """A conversation that begins with this question."""
    return {**TALK, "messages": [{"role": "user", "content": [{"text": question}]}, TALK["messages"][1]]}


def lines(*samples: object) -> bytes:
    """JSON Lines."""
    return b"".join(json.dumps(sample).encode() + b"\n" for sample in samples)
