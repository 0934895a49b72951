from __future__ import annotations

from atelier.report.curves import MAX_POINTS, read_curves


def test_curves_are_read_from_the_lines_that_training_containers_log() -> None:
    lines = [
        "2026-11-23 starting",
        "global_step=1 reduced_train_loss=0.5 learning_rate=1e-05",
        "global_step=2 reduced_train_loss=2.5e-1 reward_accuracy=0.75 reward_margin=-0.1",
        "global_step=2 val_loss=0.4",
    ]
    assert read_curves(lines) == {
        "reduced_train_loss": ((1.0, 0.5), (2.0, 0.25)),
        "val_loss": ((2.0, 0.4),),
        "reward_accuracy": ((2.0, 0.75),),
        "reward_margin": ((2.0, -0.1),),
    }


def test_steps_logged_by_several_ranks_or_out_of_order_make_one_curve() -> None:
    lines = [
        "global_step=2 reduced_train_loss=0.2",
        "global_step=1 reduced_train_loss=0.9",
        "global_step=1 reduced_train_loss=0.4",
    ]
    assert read_curves(lines) == {"reduced_train_loss": ((1.0, 0.4), (2.0, 0.2))}


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    curve = read_curves(f"global_step={step} val_loss={step / 10}" for step in range(1, 12_346))["val_loss"]
    assert len(curve) == MAX_POINTS
    assert (curve[0], curve[-1]) == ((1.0, 0.1), (12_345.0, 1234.5))
    assert list(curve) == sorted(set(curve))


def test_a_job_without_log_has_no_curves() -> None:
    assert read_curves([]) == {}
