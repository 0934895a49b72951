"""A served model's process: `python -m localcloud.trainer.jobs.serve --checkpoint DIR`.

Speaks JSON Lines. After `{"ready": true}`, every request `{"id", "messages", "system", "toolConfig",
"inferenceConfig"}` on stdin (the shapes of Converse) is answered on stdout by `{"id", "delta": text}` for
each piece of a text that opens the answer, then `{"id", "message", "stopReason", "usage"}`; or by `{"id",
"error"}`. A request `{"id", "openai": body}` in OpenAI's chat form gets one `{"id", "message": completion}`.
Requests are answered one at a time; the process ends with its input. Without a temperature the model answers
greedily, so that the same request gets the same reply.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from localcloud.trainer.jobs.completion import completion, converse_request
from localcloud.trainer.model.chat import InvalidMessage, encode_prompt, parse_answer, tool_names
from localcloud.trainer.model.checkpoint import Checkpoint, UnreadableCheckpoint
from localcloud.trainer.model.generate import Sampling, Stream
from localcloud.trainer.model.tokenizer import Special

Event = dict[str, Any]
SEED = 1


class InvalidRequest(ValueError):
    """A request that the model cannot answer; the message says why."""


class Server:
    """Answers Converse requests with one model."""

    def __init__(self, model: Checkpoint, stream: Stream) -> None:
        self._model = model
        self._stream = stream

    def answer(self, request: Mapping[str, Any]) -> Iterator[Event]:
        """The events of one request, without its id."""
        prompt = self._prompt(request)
        config = request.get("inferenceConfig") or {}
        limit = min(
            config.get("maxTokens", self._model.config.context), self._model.config.context - len(prompt)
        )
        stops = config.get("stopSequences") or []
        sampling = Sampling(config.get("temperature", 0.0), config.get("topP", 1.0))
        ids: list[int] = []
        text, stop_reason, streamed = "", "max_tokens", 0
        for token in self._stream.tokens(prompt, sampling, SEED):
            if token == self._model.tokenizer.special[Special.END]:
                stop_reason = "end_turn"
                break
            ids.append(token)
            text = self._model.tokenizer.decode(ids)
            stopped_at = _first_stop(text, stops)
            if stopped_at is not None:
                text, stop_reason = text[:stopped_at], "stop_sequence"
                break
            opening = _opening_text(text)
            if len(opening) > streamed:
                yield {"delta": opening[streamed:]}
                streamed = len(opening)
            if len(ids) >= limit:
                break
        content = parse_answer(
            text, tool_names(request.get("toolConfig")), _first_free_id(request["messages"])
        )
        opening = content[0].get("text", "") if content else ""
        if len(opening) > streamed:
            yield {"delta": opening[streamed:]}
        if any("toolUse" in block for block in content):
            stop_reason = "tool_use"
        yield {
            "message": {"role": "assistant", "content": content},
            "stopReason": stop_reason,
            "usage": {
                "inputTokens": len(prompt),
                "outputTokens": len(ids),
                "totalTokens": len(prompt) + len(ids),
            },
        }

    def _prompt(self, request: Mapping[str, Any]) -> list[int]:
        messages = request.get("messages") or []
        if not messages or messages[-1]["role"] != "user":
            raise InvalidRequest("messages must end with a turn of role 'user'")
        prompt = encode_prompt(self._model.tokenizer, messages, request.get("system"))
        if len(prompt) >= self._model.config.context:
            raise InvalidRequest(
                f"the conversation is {len(prompt)} tokens long; "
                f"atelier-tiny takes fewer than {self._model.config.context}"
            )
        return prompt


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, required=True)
    try:
        model = Checkpoint.load(parser.parse_args().checkpoint)
    except UnreadableCheckpoint as error:
        sys.stderr.write(f"{error}\n")
        return 1
    serve(Server(model, Stream(model.config, model.merged())), sys.stdin, sys.stdout)
    return 0


def serve(server: Server, requests: TextIO, replies: TextIO) -> None:
    """Answer until the requests end."""
    _write(replies, {"ready": True})
    for line in requests:
        request_id = None
        try:
            request = json.loads(line)
            request_id = request["id"]
            if "openai" in request:
                *_, final = server.answer(converse_request(request["openai"]))
                _write(replies, {"id": request_id, "message": completion(final)})
                continue
            for event in server.answer(request):
                _write(replies, {"id": request_id, **event})
        except (InvalidMessage, InvalidRequest) as error:
            _write(replies, {"id": request_id, "error": str(error)})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            _write(replies, {"id": request_id, "error": f"not a Converse request: {error!r}"})


def _write(replies: TextIO, event: Event) -> None:
    replies.write(json.dumps(event, ensure_ascii=False) + "\n")
    replies.flush()


def _opening_text(text: str) -> str:
    """The part of an unfinished answer that is certainly text: what stands before a line that may be a
    call."""
    if text.startswith("{"):
        return ""
    return text.split("\n{", 1)[0].rstrip("\n")


def _first_stop(text: str, stops: Sequence[str]) -> int | None:
    found = [text.index(stop) for stop in stops if stop in text]
    return min(found, default=None)


def _first_free_id(messages: Sequence[Mapping[str, Any]]) -> int:
    """Tool uses are numbered through a conversation, so that their ids stay unique in it."""
    return 1 + sum("toolUse" in block for message in messages for block in message["content"])


if __name__ == "__main__":
    sys.exit(main())
