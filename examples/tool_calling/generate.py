"""Generate the example's datasets: `python -m examples.tool_calling.generate --out DIR [--seed N]`.

A customer writes to the support agent of an appliance shop, and the right answer is one tool call. No call
(tool and arguments) occurs twice in all the files together, so a held-out one takes reading the question.

    train.jsonl, validation.jsonl   supervised fine-tuning, Converse format
    chat_{train,validation}.jsonl   the same calls as chat messages, which open weights are trained on
    preferences.jsonl               DPO: the right call preferred to one with a mistake in it
    gen_qa.jsonl                    held-out calls for the evaluation task gen_qa
    smoke_test.jsonl                what a deployment must get right before it serves (canary.scenarios)
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SYSTEM = "You are a support agent."
TOOL_CONFIG: dict[str, Any] = json.loads((Path(__file__).parent / "tools.json").read_text())

TRAIN, VALIDATION, PREFERENCES, TEST, SMOKE = 960, 96, 480, 120, 6
ANSWERED = 0.15
"""Share of training conversations that go on to the tool's result and what the agent makes of it."""

OPENINGS = ["", "", "Hi, ", "Hello, ", "Sorry, ", "Please help: "]
CLOSINGS = ["", "", "", " Thanks!", " Thank you."]


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    tool: str
    arguments: dict[str, str | int]

    def text(self) -> str:
        """The call as gen_qa and DPO rows hold it."""
        return json.dumps({"name": self.tool, "arguments": self.arguments}, separators=(",", ":"))


PHRASINGS: dict[str, list[str]] = {
    "look_up_order": [
        "where is order {order_id}?",
        "can you check {order_id} for me?",
        "what is the status of {order_id}?",
        "I am waiting for order {order_id}.",
        "did you ship {order_id}?",
        "track order {order_id} for me",
    ],
    "refund_order": [
        "order {order_id} is {reason}, I want my money back.",
        "please refund {order_id}, it is {reason}.",
        "{order_id} is {reason}. Refund it!",
        "I want to return {order_id} because it is {reason}.",
        "it is {reason}, give me a refund for {order_id}",
        "refund order {order_id}: {reason}",
    ],
    "change_address": [
        "send order {order_id} to {city}.",
        "I moved to {city}, please update order {order_id}.",
        "{order_id} should go to {city}.",
        "change the address of {order_id} to {city}",
        "my new city is {city}, my order is {order_id}.",
        "can {order_id} be delivered in {city}?",
    ],
    "book_technician": [
        "my {appliance} needs a repair, come on {day} at {hour}.",
        "book a technician for the {appliance} on {day} at {hour}",
        "can someone look at my {appliance} at {hour} on {day}?",
        "{day} at {hour} is good for a visit, the {appliance} is broken.",
        "the {appliance} does not work. Is {day} at {hour} free?",
        "send a technician on {day} at {hour} for my {appliance}.",
    ],
    "order_part": [
        "I need {quantity} of the {part}.",
        "order {quantity} {part} for me",
        "can I buy {quantity} {part}?",
        "send me {quantity} {part}, please.",
        "the {part} is lost, I need {quantity}.",
        "{quantity} new {part} please",
    ],
    "check_warranty": [
        "is my {appliance} from {year} under warranty?",
        "I bought the {appliance} in {year}, is it still covered?",
        "does the warranty cover a {appliance} from {year}?",
        "check the warranty of my {year} {appliance}",
        "in {year} I bought a {appliance}. Is there a warranty?",
        "warranty for the {appliance}, {year}?",
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write(arguments.out, arguments.seed)


def write(folder: Path, seed: int) -> None:
    """Write every file; the same seed gives the same bytes."""
    choice = random.Random(seed)  # noqa: S311 - reproducible data, no secret
    calls = distinct_calls(choice)
    folder.mkdir(parents=True, exist_ok=True)
    for name, size in (("train", TRAIN), ("validation", VALIDATION)):
        conversations = [sft_row(next(calls), choice) for _ in range(size)]
        _write_rows(folder / f"{name}.jsonl", conversations)
        _write_rows(folder / f"chat_{name}.jsonl", map(chat_row, conversations))
    _write_rows(
        folder / "preferences.jsonl", (preference_row(next(calls), choice) for _ in range(PREFERENCES))
    )
    _write_rows(folder / "gen_qa.jsonl", (gen_qa_row(next(calls), choice) for _ in range(TEST)))
    _write_rows(folder / "smoke_test.jsonl", (smoke_test_row(next(calls), choice) for _ in range(SMOKE)))


def distinct_calls(choice: random.Random) -> Iterator[Call]:
    """Calls of every tool in turn, none of them twice."""
    seen: set[str] = set()
    while True:
        for tool in PHRASINGS:
            call = Call(tool, _arguments(tool, choice))
            while call.text() in seen:
                call = Call(tool, _arguments(tool, choice))
            seen.add(call.text())
            yield call


def question(call: Call, choice: random.Random) -> str:
    wish = choice.choice(PHRASINGS[call.tool]).format(**call.arguments)
    opening = choice.choice(OPENINGS)
    return (opening + wish if opening else wish[0].upper() + wish[1:]) + choice.choice(CLOSINGS)


def sft_row(call: Call, choice: random.Random) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": [{"text": question(call, choice)}]},
        {
            "role": "assistant",
            "content": [{"toolUse": {"toolUseId": "tooluse_1", "name": call.tool, "input": call.arguments}}],
        },
    ]
    if choice.random() < ANSWERED:
        result, reply = _outcome(call, choice)
        messages += [
            {
                "role": "user",
                "content": [{"toolResult": {"toolUseId": "tooluse_1", "content": [{"json": result}]}}],
            },
            {"role": "assistant", "content": [{"text": reply}]},
        ]
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": SYSTEM}],
        "toolConfig": TOOL_CONFIG,
        "messages": messages,
    }


def chat_row(conversation: dict[str, Any]) -> dict[str, Any]:
    """The first question of an SFT row and its call, as the text that gen_qa expects."""
    question, answer = conversation["messages"][:2]
    use = answer["content"][0]["toolUse"]
    return {
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": question["content"][0]["text"]},
            {"role": "assistant", "content": Call(use["name"], use["input"]).text()},
        ]
    }


def preference_row(call: Call, choice: random.Random) -> dict[str, Any]:
    candidates = [
        {"content": [{"text": call.text()}], "preferenceLabel": "preferred"},
        {"content": [{"text": _mistaken(call, choice).text()}], "preferenceLabel": "non-preferred"},
    ]
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": SYSTEM}],
        "messages": [
            {"role": "user", "content": [{"text": question(call, choice)}]},
            {"role": "assistant", "candidates": candidates},
        ],
    }


def gen_qa_row(call: Call, choice: random.Random) -> dict[str, Any]:
    return {"system": SYSTEM, "query": question(call, choice), "response": call.text(), "metadata": call.tool}


def smoke_test_row(call: Call, choice: random.Random) -> dict[str, Any]:
    prompt = question(call, choice)
    return {"system": SYSTEM, "toolConfig": TOOL_CONFIG, "prompt": prompt, "expect_tool": call.tool}


def _arguments(tool: str, choice: random.Random) -> dict[str, str | int]:
    """Arguments that the tool's schema allows."""
    (properties,) = (
        spec["inputSchema"]["json"]["properties"]
        for spec in (offered["toolSpec"] for offered in TOOL_CONFIG["tools"])
        if spec["name"] == tool
    )
    return {name: _value(schema, choice) for name, schema in properties.items()}


def _value(schema: dict[str, Any], choice: random.Random) -> str | int:
    if "enum" in schema:
        return str(choice.choice(schema["enum"]))
    if schema["type"] == "integer":
        return choice.randint(schema["minimum"], schema["maximum"])
    return f"{choice.choice('ABCDEFGH')}-{choice.randint(100, 999)}"


def _mistaken(call: Call, choice: random.Random) -> Call:
    """The call with one argument changed, as a hasty agent might."""
    changed = choice.choice([*call.arguments])
    while True:
        others = _arguments(call.tool, choice)
        if others[changed] != call.arguments[changed]:
            return Call(call.tool, call.arguments | {changed: others[changed]})


def _outcome(call: Call, choice: random.Random) -> tuple[dict[str, Any], str]:
    """What the tool returns and what the agent then says."""
    values = call.arguments
    match call.tool:
        case "look_up_order":
            status = choice.choice(["packed", "shipped", "delivered", "delayed"])
            return {"status": status}, f"Order {values['order_id']} is {status}."
        case "refund_order":
            return {"status": "paid"}, f"Your refund for {values['order_id']} is paid."
        case "change_address":
            return {"city": values["city"]}, f"Order {values['order_id']} will go to {values['city']}."
        case "book_technician":
            return {"status": "open"}, f"A technician will come on {values['day']} at {values['hour']}."
        case "order_part":
            return {"status": "packed"}, f"I ordered {values['quantity']} {values['part']} for you."
    covered = choice.choice(["yes", "no"])
    return {"covered": covered}, f"The warranty says {covered} for your {values['appliance']}."


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
