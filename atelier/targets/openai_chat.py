"""Converse requests and answers in OpenAI's chat form, which every imported model understands.

Bedrock offers Converse only for imported models whose `instructSupported` is true. Source: Bedrock user
guide, "Invoke your imported model" (OpenAIChatCompletion).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from atelier.errors import RequestRefused

_INFERENCE = {
    "maxTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop",
}
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def to_openai(request: Mapping[str, Any]) -> dict[str, Any]:
    """The body of InvokeModel for a Converse request.

    RequestRefused for a block that the form has no place for, such as an image.
    """
    messages = [{"role": "system", "content": _texts(request["system"])}] if request.get("system") else []
    for message in request["messages"]:
        messages += _messages(message)
    body: dict[str, Any] = {"messages": messages}
    for name, value in request.get("inferenceConfig", {}).items():
        body[_INFERENCE[name]] = value
    tools = request.get("toolConfig", {}).get("tools", ())
    if tools:
        body["tools"] = [_tool(tool["toolSpec"]) for tool in tools]
    return body


def from_openai(body: Mapping[str, Any]) -> dict[str, Any]:
    """Converse's answer from an OpenAI chat completion. RequestRefused when it has another form."""
    try:
        choice = body["choices"][0]
        message = choice["message"]
        content = [{"text": message["content"]}] if message.get("content") else []
        content += [{"toolUse": _tool_use(call)} for call in message.get("tool_calls") or ()]
        usage = body.get("usage") or {}
        tokens = (usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0))
        reason = _STOP_REASONS.get(choice.get("finish_reason"), "end_turn")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise RequestRefused(f"the model's answer is not an OpenAI chat completion: {error!r}") from error
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "tool_use" if message.get("tool_calls") else reason,
        "usage": {"inputTokens": tokens[0], "outputTokens": tokens[1], "totalTokens": sum(tokens)},
    }


def _messages(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One Converse turn: results of tools are messages of their own."""
    results = [block["toolResult"] for block in message["content"] if "toolResult" in block]
    for result in results:
        yield {
            "role": "tool",
            "tool_call_id": result["toolUseId"],
            "content": "\n".join(_result_text(block) for block in result["content"]),
        }
    others = [block for block in message["content"] if "toolResult" not in block]
    if not others:
        return
    calls = [_call(block["toolUse"]) for block in others if "toolUse" in block]
    text = _texts([block for block in others if "toolUse" not in block])
    turn: dict[str, Any] = {"role": message["role"], "content": text}
    yield turn | ({"tool_calls": calls} if calls else {})


def _texts(blocks: Sequence[Mapping[str, Any]]) -> str:
    for block in blocks:
        if "text" not in block:
            raise RequestRefused(
                f"a block of {', '.join(block)} cannot be sent to an imported model; accepted: text, toolUse "
                "and toolResult"
            )
    return "\n".join(block["text"] for block in blocks)


def _result_text(block: Mapping[str, Any]) -> str:
    return json.dumps(block["json"], ensure_ascii=False) if "json" in block else _texts([block])


def _call(tool_use: Mapping[str, Any]) -> dict[str, Any]:
    arguments = json.dumps(tool_use["input"], ensure_ascii=False)
    return {
        "id": tool_use["toolUseId"],
        "type": "function",
        "function": {"name": tool_use["name"], "arguments": arguments},
    }


def _tool(spec: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": spec["name"], "parameters": spec["inputSchema"]["json"]}
    if "description" in spec:
        function["description"] = spec["description"]
    return {"type": "function", "function": function}


def _tool_use(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {
        "toolUseId": call["id"],
        "name": function["name"],
        "input": json.loads(function["arguments"] or "{}"),
    }
