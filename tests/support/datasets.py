"""Datasets that are right, small, and where a run expects them."""

from __future__ import annotations

import json
from typing import Any

from tests.support.runs import BUCKET

TRAIN = f"s3://{BUCKET}/datasets/a/train.jsonl"
GEN_QA = f"s3://{BUCKET}/datasets/b/gen_qa.jsonl"
EVALUATION: dict[str, Any] = {"query": "q", "response": "r"}
TALK: dict[str, Any] = {
    "schemaVersion": "bedrock-conversation-2024",
    "messages": [
        {"role": "user", "content": [{"text": "Hello"}]},
        {"role": "assistant", "content": [{"text": "Hi"}]},
    ],
}


def lines(*samples: object) -> bytes:
    """JSON Lines."""
    return b"".join(json.dumps(sample).encode() + b"\n" for sample in samples)
