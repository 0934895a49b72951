"""Progress lines of training containers."""

from __future__ import annotations

import pytest

from atelier.training.loss_log import parse


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
