"""OpenAI's chat completions on the tiny model: the request as Converse has it, and the answer's form.

Source: OpenAI's API reference, Chat Completions; Bedrock answers so for imported models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localcloud.trainer.jobs.openai_chat import read_messages

_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
}


def converse_request(body: Mapping[str, Any]) -> dict[str, Any]:
    """The request in Converse's shape. ValueError names what cannot be read."""
    system, turns = read_messages(body["messages"])
    names = {
        "max_tokens": "maxTokens",
        "temperature": "temperature",
        "top_p": "topP",
        "stop": "stopSequences",
    }
    return {
        "messages": turns,
        "system": [{"text": text} for text in system],
        "inferenceConfig": {ours: body[theirs] for theirs, ours in names.items() if theirs in body},
        "toolConfig": {
            "tools": [{"toolSpec": {"name": tool["function"]["name"]}} for tool in body.get("tools", ())]
        },
    }


def completion(final: Mapping[str, Any]) -> dict[str, Any]:
    """The completion for an answer's last event."""
    content = final["message"]["content"]
    calls = [
        {
            "id": block["toolUse"]["toolUseId"],
            "type": "function",
            "function": {
                "name": block["toolUse"]["name"],
                "arguments": json.dumps(block["toolUse"]["input"], ensure_ascii=False),
            },
        }
        for block in content
        if "toolUse" in block
    ]
    text = "\n".join(block["text"] for block in content if "text" in block)
    message = {"role": "assistant", "content": text or None} | ({"tool_calls": calls} if calls else {})
    usage = final["usage"]
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": _FINISH_REASONS[final["stopReason"]]}],
        "usage": {
            "prompt_tokens": usage["inputTokens"],
            "completion_tokens": usage["outputTokens"],
            "total_tokens": usage["totalTokens"],
        },
    }
