"""Changes that keep most of a document's shape: bytes alone rarely get past the parser."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import yaml

from tests.fixtures.mutations import JUNK, KEYS, at, paths

BETWEEN = b"\n%%\n"

_ODD: tuple[Any, ...] = (
    -1,
    2**63,
    10**400,
    1e308,
    "\ud800",
    "\u0000",
    "9" * 30,
    "s3://",
    "{{x}}",
    "2026-13-45",
)


def mutated_lines(data: bytes, head: int, random_: random.Random) -> bytes:
    """One line of JSON changed, repeated, moved or cut; `head` bytes before the lines stay."""
    lines = data[head:].split(b"\n")
    place = random_.randrange(len(lines))
    match random_.randrange(6):
        case 0:
            lines.insert(random_.randrange(len(lines) + 1), lines[place])
        case 1:
            lines[place] = lines[place][: random_.randrange(len(lines[place]) + 1)]
        case _:
            try:
                row = json.loads(lines[place])
            except (ValueError, RecursionError):
                return data
            lines[place] = json.dumps(_changed(row, random_), ensure_ascii=random_.random() < 0.5).encode(
                errors="surrogatepass"
            )
    return data[:head] + b"\n".join(lines)


def mutated_document(data: bytes, head: int, random_: random.Random) -> bytes:
    """A document of JSON or YAML changed, one of those between lines of %%; `head` bytes before them stay."""
    documents = data[head:].split(BETWEEN)
    place = random_.randrange(len(documents))
    try:
        documents[place] = _document(documents[place], random_)
    except (yaml.YAMLError, ValueError, RecursionError):
        return data
    return data[:head] + BETWEEN.join(documents)


def _document(data: bytes, random_: random.Random) -> bytes:
    if data.startswith(b"{"):
        return json.dumps(_changed(json.loads(data), random_)).encode()
    document = yaml.load(data, Loader=yaml.CSafeLoader)
    return yaml.dump(_changed(document, random_), Dumper=yaml.CSafeDumper, sort_keys=False).encode()


def _changed(value: Any, random_: random.Random) -> Any:
    value = copy.deepcopy(value)
    for _ in range(random_.randrange(1, 4)):
        places = [path for path in paths(value) if path]
        if not places:
            return random_.choice(JUNK)
        path = random_.choice(places)
        parent: Any = at(value, path[:-1])
        key: Any = path[-1]
        match random_.randrange(5):
            case 0:
                parent[key] = copy.deepcopy(random_.choice((*JUNK, *_ODD)))
            case 1:
                del parent[key]
            case 2:
                parent[key] = copy.deepcopy(at(value, random_.choice(places)))
            case 3 if isinstance(parent, list):
                parent.insert(random_.randrange(len(parent) + 1), copy.deepcopy(parent[key]))
            case _ if isinstance(parent, dict):
                parent[random_.choice(KEYS)] = parent[key] if random_.random() < 0.5 else random_.choice(JUNK)
            case _:
                random_.shuffle(parent)
    return value
