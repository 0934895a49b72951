"""Converse and OpenAI's chat form, there and back."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.errors import RequestRefused
from atelier.targets.openai_chat import from_openai, to_openai

USE = {"toolUseId": "t1", "name": "weather", "input": {"city": "Zürich"}}
CALL = {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Zürich"}'}}


def test_a_conversation_with_tools_becomes_chat_messages() -> None:
    request = {
        "system": [{"text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"text": "Weather?"}]},
            {"role": "assistant", "content": [{"text": "One moment."}, {"toolUse": USE}]},
            {
                "role": "user",
                "content": [
                    {
                        "toolResult": {
                            "toolUseId": "t1",
                            "content": [{"json": {"rain": True}}, {"text": "12 C"}],
                        }
                    },
                    {"text": "And tomorrow?"},
                ],
            },
        ],
        "inferenceConfig": {"maxTokens": 5, "temperature": 0.1, "topP": 0.9, "stopSequences": ["x"]},
        "toolConfig": {
            "tools": [
                {
                    "toolSpec": {
                        "name": "weather",
                        "description": "now",
                        "inputSchema": {"json": {"type": "object"}},
                    }
                }
            ]
        },
    }

    assert to_openai(request) == {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": "One moment.", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "t1", "content": '{"rain": true}\n12 C'},
            {"role": "user", "content": "And tomorrow?"},
        ],
        "max_tokens": 5,
        "temperature": 0.1,
        "top_p": 0.9,
        "stop": ["x"],
        "tools": [
            {
                "type": "function",
                "function": {"name": "weather", "parameters": {"type": "object"}, "description": "now"},
            }
        ],
    }


def test_an_image_is_refused_by_name() -> None:
    request = {"messages": [{"role": "user", "content": [{"image": {"format": "png"}}]}]}
    with pytest.raises(RequestRefused, match="a block of image cannot be sent to an imported model"):
        to_openai(request)


@pytest.mark.parametrize(
    ("message", "finish_reason", "content", "stop_reason"),
    [
        ({"content": "It rains."}, "stop", [{"text": "It rains."}], "end_turn"),
        ({"content": "It ra"}, "length", [{"text": "It ra"}], "max_tokens"),
        ({"content": None, "tool_calls": [CALL]}, "tool_calls", [{"toolUse": USE}], "tool_use"),
        (
            {"content": "Wait.", "tool_calls": [CALL]},
            "stop",
            [{"text": "Wait."}, {"toolUse": USE}],
            "tool_use",
        ),
    ],
)
def test_a_completion_becomes_converse_s_answer(
    message: dict[str, Any], finish_reason: str, content: list[Any], stop_reason: str
) -> None:
    body = {
        "choices": [{"message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }
    assert from_openai(body) == {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason,
        "usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10},
    }


@pytest.mark.parametrize(
    "body", [{}, {"choices": []}, {"choices": [{"message": {"tool_calls": [{}]}}]}, {"choices": 3}]
)
def test_another_answer_is_one_clear_error(body: dict[str, Any]) -> None:
    with pytest.raises(RequestRefused, match="not an OpenAI chat completion"):
        from_openai(body)
