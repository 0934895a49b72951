"""Text to token ids and back, by a learned word-piece vocabulary.

White space is a token of its own, numbers are pairs of digits and a word is the same tokens wherever it
stands, so that copying an order number from a question into a call is copying token by token, which a model
this small can learn.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from pathlib import Path

import tokenizers
from tokenizers import Regex, decoders, models, pre_tokenizers, trainers

PIECES = r"[A-Za-z]+|_[A-Za-z]+|\d{1,2}|\s|[^\w\s]+|."


class Special(enum.StrEnum):
    """Control tokens of the chat template. Text never encodes to one, however it is spelled."""

    PADDING = "<|pad|>"
    UNKNOWN = "<|unknown|>"
    SYSTEM = "<|system|>"
    USER = "<|user|>"
    ASSISTANT = "<|assistant|>"
    RESULT = "<|result|>"
    END = "<|end|>"


class Tokenizer:
    """A `tokenizers` vocabulary with the ids of its control tokens at hand."""

    def __init__(self, vocabulary: tokenizers.Tokenizer) -> None:
        self._vocabulary = vocabulary
        self._vocabulary.encode_special_tokens = True
        self.special = {special: _id_of(vocabulary, special) for special in Special}

    @classmethod
    def learn(cls, texts: Iterable[str], size: int) -> Tokenizer:
        """Learn `size` pieces: control tokens, printable ASCII characters and the commonest merges in
        texts."""
        vocabulary = tokenizers.Tokenizer(models.BPE(unk_token=Special.UNKNOWN.value))
        vocabulary.pre_tokenizer = pre_tokenizers.Split(Regex(PIECES), "isolated")
        vocabulary.decoder = decoders.Fuse()
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[special.value for special in Special],
            initial_alphabet=["\n", *map(chr, range(32, 127))],
            show_progress=False,
        )
        vocabulary.train_from_iterator(texts, trainer)
        return cls(vocabulary)

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        return cls(tokenizers.Tokenizer.from_file(str(path)))

    def save(self, path: Path) -> None:
        self._vocabulary.save(str(path))

    @property
    def size(self) -> int:
        return self._vocabulary.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        return self._vocabulary.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; control tokens vanish."""
        return self._vocabulary.decode(list(ids), skip_special_tokens=True)


def _id_of(vocabulary: tokenizers.Tokenizer, special: Special) -> int:
    token_id = vocabulary.token_to_id(special.value)
    if token_id is None:
        raise ValueError(f"the tokenizer lacks the control token {special.value}")
    return token_id
