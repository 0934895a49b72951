"""Reserved words: Amazon Nova's containers write them between turns, and a job whose data has them fails."""

from __future__ import annotations

from collections.abc import Iterator

from atelier.datasets.rules.finding import Rule, Violation

RESERVED_WORDS = (
    *("System:", "SYSTEM:", "User:", "USER:", "Bot:", "BOT:", "Assistant:", "ASSISTANT:", "Thought:"),
    *("[EOS]", "<image>", "<video>", "<unk>"),
)

RESERVED_WORD = Rule(
    "reserved-word",
    f"System and user text, and the text of tool results, has none of {' '.join(RESERVED_WORDS)}.",
    "Amazon Nova user guide, fine-tuning data preparation; Nova Forge DATASET_CHECKS (case-sensitive)",
)
RESERVED_WORD_ANSWERED = Rule(
    "reserved-word-answered",
    "Text that the model learns to write, and its reasoning, has none of the reserved words either.",
    "Nova Forge looks at every text; the user guide speaks of system and user text only",
    "warn",
)
WORD_RULES = (RESERVED_WORD, RESERVED_WORD_ANSWERED)


def check_words(text: object, at: str, *, answered: bool = False) -> Iterator[Violation]:
    """One violation for each reserved word in a text. `answered`: the model writes the text."""
    if isinstance(text, str):
        rule = RESERVED_WORD_ANSWERED if answered else RESERVED_WORD
        for word in RESERVED_WORDS:
            if word in text:
                yield Violation(rule, at, word, "text without the words that mark turns")
