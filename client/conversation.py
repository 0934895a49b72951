"""A conversation with a deployed model, in Converse's shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from client.deployed import Deployed, Reply, ToolCall


@dataclass
class Conversation:
    """Turns so far. Text after tool calls answers them: Converse wants a toolResult for each toolUse."""

    deployed: Deployed
    model_id: str
    system: str | None = None
    tool_config: Mapping[str, Any] | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    _unanswered: tuple[ToolCall, ...] = ()

    @property
    def awaits_tool_result(self) -> bool:
        """True when the next text is taken as the tools' result."""
        return bool(self._unanswered)

    def say(self, text: str, *, on_text: Callable[[str], None] = lambda _: None) -> Reply:
        """One turn of the user and the model's reply."""
        self.messages.append({"role": "user", "content": self._content(text)})
        reply = self.deployed.converse(self.model_id, self._request(), on_text=on_text)
        calls = [
            {"toolUse": {"toolUseId": call.id, "name": call.name, "input": dict(call.arguments)}}
            for call in reply.tool_calls
        ]
        answer: list[dict[str, Any]] = [{"text": reply.text}] if reply.text else []
        self.messages.append({"role": "assistant", "content": answer + calls})
        self._unanswered = reply.tool_calls
        return reply

    def _content(self, text: str) -> list[dict[str, Any]]:
        if not self._unanswered:
            return [{"text": text}]
        return [
            {"toolResult": {"toolUseId": call.id, "content": [{"text": text}]}} for call in self._unanswered
        ]

    def _request(self) -> dict[str, Any]:
        request: dict[str, Any] = {"messages": self.messages}
        if self.system:
            request["system"] = [{"text": self.system}]
        if self.tool_config:
            request["toolConfig"] = self.tool_config
        return request
