"""The served model's protocol, spoken to the real process and to the server behind it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.trainer.jobs.serve import Server, serve
from localcloud.trainer.model.chat import encode_answer
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.generate import Sampling, Stream
from tests.fixtures.paths import ROOT

TOOL_CONFIG = {"tools": [{"toolSpec": {"name": "look_up", "inputSchema": {"json": {}}}}]}
CALL = '{"name":"look_up","arguments":{"order":12}}'


class Scripted(Stream):
    """Writes the tokens it was given, whatever the prompt."""

    def __init__(self, tokens: list[int]) -> None:
        self._tokens = tokens

    def tokens(self, prompt: Any, sampling: Sampling, seed: int) -> Iterator[int]:
        return iter(self._tokens)


@pytest.fixture
def server(untrained: Checkpoint) -> Server:
    return Server(untrained, Scripted([]))


def ask(model: Checkpoint, answer: str, **request: Any) -> list[dict[str, Any]]:
    """The events with which a model that writes `answer` replies."""
    tokens = encode_answer(model.tokenizer, [{"text": answer}])
    messages = [{"role": "user", "content": [{"text": "Hi"}]}]
    return list(Server(model, Scripted(tokens)).answer({"messages": messages} | request))


def deltas(events: list[dict[str, Any]]) -> str:
    return "".join(event["delta"] for event in events if "delta" in event)


def test_text_streams_piece_by_piece_and_ends_the_turn(untrained: Checkpoint) -> None:
    events = ask(untrained, "The order is late.")
    assert len(events) > 3
    assert deltas(events) == "The order is late."
    assert events[-1]["message"] == {"role": "assistant", "content": [{"text": "The order is late."}]}
    assert events[-1]["stopReason"] == "end_turn"
    usage = events[-1]["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]


def test_a_call_of_an_offered_tool_is_a_tool_use_and_never_streams(untrained: Checkpoint) -> None:
    events = ask(untrained, CALL, toolConfig=TOOL_CONFIG)
    (event,) = events
    assert event["stopReason"] == "tool_use"
    assert event["message"]["content"] == [
        {"toolUse": {"toolUseId": "tooluse_1", "name": "look_up", "input": {"order": 12}}}
    ]


def test_text_before_a_call_streams_and_the_call_does_not(untrained: Checkpoint) -> None:
    events = ask(untrained, f"One moment.\n{CALL}", toolConfig=TOOL_CONFIG)
    assert deltas(events) == "One moment."
    assert [*events[-1]["message"]["content"][1]] == ["toolUse"]


def test_a_call_of_a_tool_that_was_not_offered_is_text(untrained: Checkpoint) -> None:
    events = ask(untrained, CALL)
    assert deltas(events) == CALL
    assert events[-1]["stopReason"] == "end_turn"


def test_max_tokens_and_stop_sequences_end_the_answer(untrained: Checkpoint) -> None:
    short = ask(untrained, "The order is late.", inferenceConfig={"maxTokens": 2})
    assert short[-1]["stopReason"] == "max_tokens"
    assert short[-1]["usage"]["outputTokens"] == 2
    stopped = ask(untrained, "The order is late.", inferenceConfig={"stopSequences": [" is"]})
    assert stopped[-1]["stopReason"] == "stop_sequence"
    assert stopped[-1]["message"]["content"] == [{"text": "The order"}]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not a Converse request"),
        ('{"id": 7, "messages": []}', "messages must end with a turn of role 'user'"),
        (
            json.dumps({"id": 7, "messages": [{"role": "user", "content": [{"text": "word " * 90}]}]}),
            "atelier-tiny takes fewer than 64",
        ),
        (
            '{"id": 7, "messages": [{"role": "user", "content": [{"video": {}}]}]}',
            "a content block holds ['video']",
        ),
    ],
)
def test_a_bad_request_is_an_error_and_the_next_one_is_answered(
    server: Server, line: str, message: str
) -> None:
    good = '{"id": 8, "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}'
    replies = io.StringIO()
    serve(server, io.StringIO(f"{line}\n{good}\n"), replies)
    ready, error, answer = map(json.loads, replies.getvalue().splitlines())
    assert ready == {"ready": True}
    assert message in error["error"]
    assert answer["id"] == 8
    assert answer["stopReason"] == "max_tokens"


def test_the_process_answers_the_same_request_the_same_way_and_ends_with_its_input(
    untrained: Checkpoint, tmp_path: Path
) -> None:
    untrained.save(tmp_path / "model")
    request = {
        "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
        "inferenceConfig": {"maxTokens": 5},
    }
    lines = "".join(json.dumps({"id": number} | request) + "\n" for number in (1, 2))
    ended = subprocess.run(
        [sys.executable, "-m", "localcloud.trainer.jobs.serve", "--checkpoint", str(tmp_path / "model")],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        input=lines,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    ready, *events = map(json.loads, ended.stdout.splitlines())
    assert ready == {"ready": True}
    first, second = ([{**event, "id": 0} for event in events if event["id"] == number] for number in (1, 2))
    assert first == second
    assert first[-1]["message"]["role"] == "assistant"


def test_a_folder_without_a_model_is_one_message(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "localcloud.trainer.jobs.serve", "--checkpoint", str(tmp_path)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "does not hold an atelier-tiny checkpoint" in ended.stderr
    assert "Traceback" not in ended.stderr
