"""Evaluation by a reward function: rows of reinforcement fine-tuning, with one message of the user."""

from __future__ import annotations

from atelier.datasets.definition import Definition, register
from atelier.datasets.formats.rft import SHARED_RULES, across, features, validator
from atelier.datasets.rules.finding import Rule

EVALUATION_SINGLE_TURN = Rule(
    "evaluation-single-turn",
    "There is one message of the user in a row that is evaluated.",
    "Amazon Nova user guide, RFT evaluation",
)

RFT_EVAL = register(
    Definition(
        name="rft_eval",
        use="evaluation",
        purpose="evaluation by a reward function",
        row="as `rft`, with one message of the user",
        rules=(*SHARED_RULES, EVALUATION_SINGLE_TURN),
        validate=validator(EVALUATION_SINGLE_TURN),
        features=features,
        across=across,
    )
)
