"""An agent on a customized model: Converse with tools, in a loop, until the model answers in words.

    python -m examples.tool_calling.agent --model-id ARN-OF-THE-DEPLOYMENT "Where is order A-104?"

Nothing in it knows Atelier: it is boto3 with its usual credentials, region and endpoint (AWS_ENDPOINT_URL,
AWS_CA_BUNDLE).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

SYSTEM = [{"text": "You are a support agent."}]
TOOL_CONFIG = json.loads((Path(__file__).parent / "tools.json").read_text())
MOST_CALLS = 5
"""After so many calls without an answer the agent gives up."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model-id", required=True, help="ARN of a custom model deployment, or a model id")
    parser.add_argument("question")
    arguments = parser.parse_args()
    for line in converse(boto3.client("bedrock-runtime"), arguments.model_id, arguments.question):
        sys.stdout.write(line + "\n")


def converse(bedrock: Any, model_id: str, question: str) -> Iterator[str]:
    """What happens, line by line: calls, their results and finally the answer."""
    messages: list[Any] = [{"role": "user", "content": [{"text": question}]}]
    for _ in range(MOST_CALLS):
        reply = bedrock.converse(modelId=model_id, messages=messages, system=SYSTEM, toolConfig=TOOL_CONFIG)
        message = reply["output"]["message"]
        messages.append(message)
        yield from (block["text"] for block in message["content"] if "text" in block)
        if reply["stopReason"] != "tool_use":
            return
        results = []
        for call in (block["toolUse"] for block in message["content"] if "toolUse" in block):
            result = use_tool(call["name"], call["input"])
            yield f"{call['name']}({json.dumps(call['input'])}) -> {json.dumps(result)}"
            results.append({"toolResult": {"toolUseId": call["toolUseId"], "content": [{"json": result}]}})
        messages.append({"role": "user", "content": results})
    yield f"(no answer after {MOST_CALLS} calls)"


def use_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The shop behind the tools; a real agent would ask its order system."""
    match name:
        case "look_up_order":
            return {"status": "shipped"}
        case "refund_order":
            return {"status": "paid"}
        case "change_address":
            return {"city": arguments["city"]}
        case "book_technician":
            return {"status": "open"}
        case "order_part":
            return {"status": "packed"}
        case "check_warranty":
            return {"covered": "yes" if arguments["year"] >= 2024 else "no"}
    raise ValueError(f"the model called {name!r}, which is no tool of this agent")


if __name__ == "__main__":
    main()
