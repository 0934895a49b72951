"""A conversation on the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.console import err, out
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed
from client.conversation import Conversation


def read_tools(file: Path) -> Mapping[str, Any]:
    """A Converse toolConfig (`{"tools": […]}`) from a JSON file."""
    try:
        document = json.loads(file.read_text())
    except OSError as error:
        raise CommandFailed(f"--tools {file}: {error.strerror}", ExitCode.INVALID) from error
    except ValueError as error:
        raise CommandFailed(f"--tools {file} is not JSON: {error}", ExitCode.INVALID) from error
    if not isinstance(document, dict) or not isinstance(document.get("tools"), list):
        raise CommandFailed(
            f'--tools {file} must hold a Converse toolConfig: {{"tools": [{{"toolSpec": …}}]}}',
            ExitCode.INVALID,
        )
    return document


def one_turn(conversation: Conversation, message: str) -> None:
    """Say the message and print the reply: text, then a line for each tool call."""
    reply = conversation.say(
        message, on_text=lambda text: out.print(text, end="", markup=False, soft_wrap=True)
    )
    if reply.text:
        out.print()
    for call in reply.tool_calls:
        out.print(
            f"→ {call.name}({json.dumps(dict(call.arguments))})", style="cyan", markup=False, soft_wrap=True
        )


def talk(conversation: Conversation) -> None:
    """Turn after turn, until an end of file or an empty line."""
    err.print("An empty line or Ctrl-D ends the conversation.", style="dim")
    while True:
        try:
            text = out.input("tool result > " if conversation.awaits_tool_result else "you > ")
        except EOFError:
            out.print()
            return
        if not text.strip():
            return
        one_turn(conversation, text)
