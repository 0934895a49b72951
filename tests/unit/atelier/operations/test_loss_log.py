"""Progress lines of training containers."""

from __future__ import annotations

import math

import pytest

from atelier.operations.loss_log import parse, validation_losses


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "global_step=12 reduced_train_loss=0.4312 learning_rate=1e-05",
            {"global_step": 12, "reduced_train_loss": 0.4312, "learning_rate": 1e-05},
        ),
        ("[INFO] global_step: 3, val_loss: -1.5E+2", {"global_step": 3, "val_loss": -150}),
        (
            "global_step=4 reward_accuracy=0.9 reward_margin=1.25",
            {"global_step": 4, "reward_accuracy": 0.9, "reward_margin": 1.25},
        ),
        ("global_step=5 reduced_train_loss=nan", {"global_step": 5}),
        ("loss=0.4 without a step", None),
        ("", None),
    ],
)
def test_a_progress_line_is_its_numbers_by_name(line: str, expected: dict[str, float] | None) -> None:
    assert parse(line) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["global_step=20 val_loss=0.5", "global_step=10 val_loss=0.9"], {20: 0.5, 10: 0.9}),
        (["global_step: 10, validation_loss: 0.9"], {10: 0.9}),
        (["global_step=10 val_loss=0.9", "global_step=10 val_loss=0.8"], {10: 0.8}),
        (["global_step=10 val_loss=nan", "global_step=20 val_loss=-Infinity"], {10: math.inf, 20: math.inf}),
        (["global_step=10 reduced_train_loss=nan val_loss=0.4"], {10: 0.4}),
        (["global_step=10 interval_loss=0.9", "val_loss=0.5 of no step", "global_step=10"], {}),
    ],
)
def test_validation_losses_are_found_under_any_of_their_names(
    lines: list[str], expected: dict[int, float]
) -> None:
    assert validation_losses(lines, ("val_loss", "validation_loss")) == expected
