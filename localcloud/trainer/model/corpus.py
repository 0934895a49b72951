"""The text that `atelier-tiny` is pre-trained on: generated conversations, the same for the same seed.

They teach what a foundation model would bring: words, JSON, copying names and numbers from a question into an
answer, and that tools exist. Their tools are made up from a verb and a noun, so the base knows the form of a
call and none of the tools that a fine-tuning dataset is about.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from localcloud.trainer.model.chat import render_answer

Row = dict[str, Any]


def _words(text: str) -> list[str]:
    return text.split()


CITIES = _words(
    "Paris Oslo Lima Cairo Seoul Quito Delhi Tokyo Rome Kyiv Accra Bonn Perth Sofia Tunis Hanoi Doha Riga"
)
DAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
THINGS = _words(
    "oven fridge freezer washer dryer dishwasher toaster kettle mixer heater lamp fan stove boiler"
)
PARTS = _words("filter hose handle shelf knob belt pump door motor lid tray bulb cable blade hinge gasket")
STATES = _words(
    "ready late broken lost wrong unwanted damaged delivered shipped packed delayed returned paid open"
)
PEOPLE = _words("Ada Ben Chloe Dev Eve Finn Gita Hugo Iris Jon Kira Leo Mona Nils Olga Pia")
VALUES = {
    "city": CITIES,
    "day": DAYS,
    "appliance": THINGS,
    "part": PARTS,
    "status": STATES,
    "reason": STATES,
    "person": PEOPLE,
}
NUMBERS = ["quantity", "hour", "count", "year", "number", "price"]
CODES = ["order_id", "serial_id", "customer_id", "ticket_id", "invoice_id"]
VERBS = _words(
    "find show check order move cancel change send repair call return replace track update look refund book"
)
NOUNS = _words(
    "order city day part person address warranty technician visit invoice route table seat room ticket price"
)
TRADES = _words("travel library weather taxi garden music hotel clinic bank school support sales")
OPENINGS = ["", "", "Hi, ", "Hello, ", "Please ", "Good morning, ", "Sorry, "]
CLOSINGS = ["", "", " Thanks!", " Thank you.", " Please hurry.", " Can you help?"]
WORD_WEIGHT = 100
"""How often the vocabulary learner sees each word of VALUES: often enough to make it one piece."""

EXCHANGES = [
    ("Where is order {code}?", "Let me check order {code} for you."),
    (
        "I want my money back for {code}, it is {state}.",
        "I am sorry that {code} is {state}. I can help with that.",
    ),
    ("My {appliance} is {state}.", "I am sorry that your {appliance} is {state}."),
    ("Can you send {count} of the {part} to {city}?", "Yes, I can send {count} of the {part} to {city}."),
    (
        "The {part} of the {appliance} arrived {state} on {day}.",
        "So the {part} came on {day} and it is {state}.",
    ),
    ("I moved to {city}, what now?", "Welcome to {city}! I will note your new address."),
    ("Is the {appliance} from {year} still under warranty?", "I will look up the {appliance} from {year}."),
    ("Can someone come on {day} at {hour} to repair it?", "A technician is free on {day} at {hour}."),
    ("I need {count} {part}s for {person}.", "I will get {count} {part}s for {person}."),
    ("What did {person} buy?", "It was a {appliance}, bought in {year}."),
]


def rows(count: int, seed: int) -> list[Row]:
    """Conversations in the Converse format of fine-tuning data."""
    choice = random.Random(seed)  # noqa: S311 - reproducible data, no secret
    kinds = [_exchange, _record, _call, _call, _report]
    return [choice.choice(kinds)(choice) for _ in range(count)]


def texts(conversations: Sequence[Row]) -> Iterator[str]:
    """Every text in the conversations as the chat template writes it, to learn the vocabulary from."""
    for row in conversations:
        yield from (block["text"] for block in row.get("system", []))
        for message in row["messages"]:
            if message["role"] == "assistant":
                yield render_answer(message["content"])
            else:
                yield from (block["text"] for block in message["content"] if "text" in block)
    for words in VALUES.values():
        yield from words * WORD_WEIGHT


def _exchange(choice: random.Random) -> Row:
    """Small talk of a shop: the answer repeats what the question named."""
    question, answer = choice.choice(EXCHANGES)
    values = {kind: choice.choice(words) for kind, words in VALUES.items()}
    values |= {
        "state": values["status"],
        "code": _code(choice),
        "count": str(choice.randint(1, 9)),
        "hour": str(choice.randint(8, 18)),
        "year": str(choice.randint(2015, 2026)),
    }
    question = choice.choice(OPENINGS) + question.format(**values) + choice.choice(CLOSINGS)
    return _row(choice, question, [{"text": answer.format(**values)}])


def _record(choice: random.Random) -> Row:
    """Facts in words, to be written as JSON."""
    record = _fields(choice, choice.randint(1, 4))
    question = "Write as JSON: " + ", ".join(f"{name} {value}" for name, value in record.items())
    return _row(choice, question, [{"text": _compact(record)}])


def _call(choice: random.Random) -> Row:
    """A request in words, to be answered by calling the tool that is named like it."""
    verb, noun = choice.choice(VERBS), choice.choice(NOUNS)
    record = _fields(choice, choice.randint(1, 3))
    facts = [f"{name.replace('_', ' ')} {value}" for name, value in record.items()]
    wish = choice.choice(
        ["{v} the {n} with {f}", "{v} {n}: {f}", "I want to {v} a {n}, {f}", "{f}, {v} the {n} please"]
    )
    question = (
        choice.choice(OPENINGS) + wish.format(v=verb, n=noun, f=" and ".join(facts)) + choice.choice(CLOSINGS)
    )
    return _row(choice, question, [{"toolUse": {"name": f"{verb}_{noun}", "input": record}}])


def _report(choice: random.Random) -> Row:
    """A tool's result, and its answer in words."""
    name, value = next(iter(_fields(choice, 1).items()))
    row = _row(
        choice, f"What is the {name.replace('_', ' ')}?", [{"toolUse": {"name": f"find_{name}", "input": {}}}]
    )
    row["messages"] += [
        {"role": "user", "content": [{"toolResult": {"content": [{"json": {name: value}}]}}]},
        {"role": "assistant", "content": [{"text": f"The {name.replace('_', ' ')} is {value}."}]},
    ]
    return row


def _row(choice: random.Random, question: str, answer: list[dict[str, Any]]) -> Row:
    row: Row = {
        "messages": [
            {"role": "user", "content": [{"text": question}]},
            {"role": "assistant", "content": answer},
        ]
    }
    if choice.random() < 0.7:
        row["system"] = [{"text": f"You are a {choice.choice(TRADES)} agent."}]
    return row


def _fields(choice: random.Random, count: int) -> dict[str, Any]:
    names = choice.sample([*VALUES, *NUMBERS, *CODES], count)
    return {name: _value(choice, name) for name in names}


def _value(choice: random.Random, name: str) -> Any:
    if name in VALUES:
        return choice.choice(VALUES[name])
    if name in CODES:
        return _code(choice)
    return choice.randrange(10 ** choice.randint(1, 4))


def _code(choice: random.Random) -> str:
    return f"{choice.choice('ABCDEFGH')}-{choice.randint(100, 999)}"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
