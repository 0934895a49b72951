"""`atelier chat`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import EnvironmentName


def chat(
    deployment: Annotated[str, typer.Argument(help="A deployment's name or ARN, or a base model's id.")],
    message: Annotated[
        str | None, typer.Argument(help="Say this, print the reply and leave. Without it: a conversation.")
    ] = None,
    environment: EnvironmentName = "local",
    tools: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Tools the model may call: Converse's toolConfig as JSON."),
    ] = None,
    system: Annotated[str | None, typer.Option(metavar="TEXT", help="The system prompt.")] = None,
) -> None:
    """Talk to a deployed model (Bedrock's Converse). Tool calls are shown; your next input answers them."""
    from cli.chat.chat import one_turn, read_tools, talk
    from client.connection import connect
    from client.conversation import Conversation

    tool_config = read_tools(tools) if tools else None
    deployed = connect(environment).deployed
    conversation = Conversation(deployed, deployed.model_id(deployment), system, tool_config)
    if message is None:
        talk(conversation)
    else:
        one_turn(conversation, message)
