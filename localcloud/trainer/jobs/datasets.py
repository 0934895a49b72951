"""Rows of the input channels: JSON Lines read, checked and turned into tokens.

A row longer than the recipe's max_length is an error that names it. Cutting it, as larger trainers do, would
teach half a call.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.jobs.openai_chat import read_messages
from localcloud.trainer.model.chat import Encoded, encode_answer, encode_conversation
from localcloud.trainer.model.tokenizer import Tokenizer

Row = TypeVar("Row")


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """A preference: the same conversation with the answer to learn and the one to avoid."""

    chosen: Encoded
    rejected: Encoded


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """A row of gen_qa.jsonl."""

    query: str
    response: str
    system: str
    metadata: Any


def read_conversations(files: Sequence[Path], tokenizer: Tokenizer, max_length: int) -> list[Encoded]:
    """Rows in the Converse format of supervised fine-tuning."""

    def conversation(row: Mapping[str, Any]) -> Encoded:
        _check_turns(row["messages"])
        return _bounded(encode_conversation(tokenizer, row["messages"], row.get("system")), max_length)

    return _read(files, conversation)


def read_chats(file: Path, tokenizer: Tokenizer, max_length: int) -> list[Encoded]:
    """Rows in OpenAI's chat format, which llmft reads."""

    def chat(row: Mapping[str, Any]) -> Encoded:
        system, turns = read_messages(row["messages"])
        _check_turns(turns)
        texts = [{"text": text} for text in system]
        encoded = encode_conversation(tokenizer, turns, texts)
        return _bounded(encoded, max_length, "training_config.training_args.max_len")

    return _read([file], chat)


def read_preferences(files: Sequence[Path], tokenizer: Tokenizer, max_length: int) -> list[Pair]:
    """Rows in Nova's DPO format: the last turn holds candidates, one of them preferred and one not."""

    def pair(row: Mapping[str, Any]) -> Pair:
        *context, last = row["messages"]
        answers = {candidate["preferenceLabel"]: candidate["content"] for candidate in last["candidates"]}
        if set(answers) != {"preferred", "non-preferred"}:
            raise ValueError(
                f"preferenceLabel must be 'preferred' once and 'non-preferred' once, got {sorted(answers)}"
            )

        def answered(content: Any) -> Encoded:
            messages = [*context, {"role": "assistant", "content": content}]
            _check_turns(messages)
            conversation = encode_conversation(tokenizer, messages, row.get("system"))
            return _bounded(
                _learning_last_turn(conversation, len(encode_answer(tokenizer, content))), max_length
            )

        return Pair(answered(answers["preferred"]), answered(answers["non-preferred"]))

    return _read(files, pair)


def read_questions(files: Sequence[Path]) -> list[Question]:
    """Rows of the evaluation task gen_qa."""

    def question(row: Mapping[str, Any]) -> Question:
        texts = {name: row[name] for name in ("query", "response")} | {"system": row.get("system", "")}
        for name, text in texts.items():
            if not isinstance(text, str):
                raise ValueError(f"{name} must be a string, got {text!r}")
        return Question(**texts, metadata=row.get("metadata", ""))

    named = [file for file in files if file.name == "gen_qa.jsonl"]
    if not named:
        raise JobFailed(
            f"the dataset of task gen_qa must be named gen_qa.jsonl, got {[file.name for file in files]}"
        )
    return _read(named, question)


def _read(files: Sequence[Path], parse: Callable[[Mapping[str, Any]], Row]) -> list[Row]:
    rows = []
    for file, number, line in _lines(files):
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("it must be a JSON object")
            rows.append(parse(row))
        except KeyError as error:
            raise JobFailed(f"{file.name} line {number}: field {error} is missing") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise JobFailed(f"{file.name} line {number}: {error}") from error
    if not rows:
        raise JobFailed(f"{', '.join(file.name for file in files)}: the dataset is empty")
    return rows


def _lines(files: Sequence[Path]) -> Iterator[tuple[Path, int, str]]:
    for file in files:
        try:
            with file.open(encoding="utf-8") as lines:
                yield from ((file, number, line) for number, line in enumerate(lines, 1) if line.strip())
        except (OSError, UnicodeDecodeError) as error:
            raise JobFailed(f"{file} cannot be read: {error}") from error


def _check_turns(messages: Sequence[Mapping[str, Any]]) -> None:
    roles = [message["role"] for message in messages]
    expected = ["user", "assistant"] * (len(roles) // 2)
    if not roles or roles != expected:
        raise ValueError(f"messages must alternate from user to assistant, got {roles}")


def _bounded(row: Encoded, max_length: int, key: str = "training_config.max_length") -> Encoded:
    if len(row.ids) > max_length:
        raise ValueError(f"the row is {len(row.ids)} tokens long; {key} allows {max_length}")
    return row


def _learning_last_turn(row: Encoded, answer: int) -> Encoded:
    return Encoded(row.ids, [index >= len(row.ids) - answer for index in range(len(row.ids))])
