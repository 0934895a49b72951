"""The questions in a sample of any format: the user's texts without their context.

A text beside a picture, a video or a document is no question by itself ("What is this?"), nor is what
follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from atelier.datasets.fast_path.decoding import UNDECODABLE
from atelier.datasets.formats.registry import Format


class Question(NamedTuple):
    """A question to the model, and its path in the sample."""

    at: str
    text: str


def questions(line: bytes, format: Format) -> list[Question]:  # noqa: A002 - the field's word
    """The questions of one row, in order; empty for an unexpected layout, which the format rules report."""
    decode, ask = _READERS[format]
    try:
        row = decode(line)
    except UNDECODABLE:
        return []
    return [question for question in ask(row) if question.text]


class _Part(Struct, gc=False):
    text: str = ""
    image: msgspec.Raw | None = None
    video: msgspec.Raw | None = None
    document: msgspec.Raw | None = None
    image_url: msgspec.Raw | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the text is compared line by line."""
        return any((self.image, self.video, self.document, self.image_url))


class _Turn(Struct, gc=False):
    role: str
    content: str | list[_Part] | None = None


class _Conversation(Struct, gc=False):
    messages: list[_Turn]


class _Prompted(Struct, gc=False):
    prompt: str | list[_Turn]
    images: list[msgspec.Raw] | None = None


class _Preference(Struct, gc=False):
    chosen: str | list[_Turn]
    prompt: str | list[_Turn] | None = None
    input: str | list[_Turn] | None = None


class _Query(Struct, gc=False):
    query: str
    images: list[msgspec.Raw] | None = None


class _Turns(Struct, gc=False):
    turns: list[str]


class _Text(Struct, gc=False):
    text: str


def _of_turns(turns: list[_Turn], at: str) -> Iterator[Question]:
    for index, turn in enumerate(turns):
        if turn.role == "user":
            content = turn.content or ""
            if isinstance(content, str):
                yield Question(f"{at}[{index}]", content)
            elif any(part.is_shown for part in content):
                return
            else:
                yield Question(f"{at}[{index}]", "\n".join(part.text for part in content if part.text))


def _of_text_or_turns(value: str | list[_Turn], at: str) -> Iterator[Question]:
    if isinstance(value, str):
        yield Question(at, value)
    else:
        yield from _of_turns(value, at)


def _of_conversation(row: _Conversation) -> Iterator[Question]:
    return _of_turns(row.messages, "messages")


def _of_prompted(row: _Prompted) -> Iterator[Question]:
    if not row.images:
        yield from _of_text_or_turns(row.prompt, "prompt")


def _of_preference(row: _Preference) -> Iterator[Question]:
    for at, value in (("prompt", row.prompt), ("input", row.input)):
        if value is not None:
            yield from _of_text_or_turns(value, at)
            return
    if not isinstance(row.chosen, str):
        yield from _of_turns(row.chosen, "chosen")


def _of_query(row: _Query) -> Iterator[Question]:
    if not row.images:
        yield Question("query", row.query)


def _of_ppo_turns(row: _Turns) -> Iterator[Question]:
    """After the system's text, every second one is the user's: "User: … Bot:"."""
    for index in range(1, len(row.turns), 2):
        text = row.turns[index].strip().removeprefix("User:").removesuffix("Bot:").strip()
        yield Question(f"turns[{index}]", text)


def _of_lines(row: _Text) -> Iterator[Question]:
    """A text has no question, but may quote one of an evaluation: each of its lines is compared."""
    for line in row.text.splitlines():
        yield Question("text", line)


_Reader = tuple[Callable[[bytes], Any], Callable[[Any], Iterator[Question]]]


def _reader(row: type[Struct], ask: Callable[[Any], Iterator[Question]]) -> _Reader:
    return msgspec.json.Decoder(row).decode, ask


_conversation = _reader(_Conversation, _of_conversation)
_prompted = _reader(_Prompted, _of_prompted)

_READERS: dict[Format, _Reader] = {
    Format.SFT: _conversation,
    Format.DPO: _conversation,
    Format.DISTILLATION: _conversation,
    Format.RFT: _conversation,
    Format.RFT_EVAL: _conversation,
    Format.OPENAI_CHAT: _conversation,
    Format.PPO: _reader(_Turns, _of_ppo_turns),
    Format.CPT: _reader(_Text, _of_lines),
    Format.GEN_QA: _reader(_Query, _of_query),
    Format.LLM_JUDGE: _prompted,
    Format.PROMPT_COMPLETION: _prompted,
    Format.VERL: _prompted,
    Format.PREFERENCE: _reader(_Preference, _of_preference),
}
