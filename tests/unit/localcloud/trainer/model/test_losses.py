"""What training minimises, on logits small enough to work out by hand."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from localcloud.trainer.jobs.adaptation import optimizer_settings
from localcloud.trainer.jobs.recipe import LoraTuning, Optimizer, Peft, TrainedModel
from localcloud.trainer.model.losses import answer_log_probability, dpo_loss, dpo_margins, token_loss
from localcloud.trainer.model.transformer import AnyArray

TOKENS = np.array([[0, 1, 0]])
# After token 0 both tokens are equally likely; after token 1, token 0 has three chances in four.
LOGITS = jnp.log(jnp.array([[[0.5, 0.5], [0.75, 0.25], [0.5, 0.5]]]))


def weights(*learned: float) -> AnyArray:
    return np.array([learned], np.float32)


def test_only_what_the_assistant_wrote_is_learned() -> None:
    assert float(token_loss(LOGITS, TOKENS, weights(0, 0, 1))) == pytest.approx(-np.log(0.75))
    assert float(token_loss(LOGITS, TOKENS, weights(0, 1, 1))) == pytest.approx(-np.log(0.5 * 0.75) / 2)


def test_an_answers_log_probability_is_that_of_all_its_tokens() -> None:
    found = answer_log_probability(LOGITS, TOKENS, weights(0, 1, 1))
    assert float(found[0]) == pytest.approx(np.log(0.5 * 0.75))


def test_a_margin_is_what_the_policy_gained_over_the_reference_times_beta() -> None:
    margins = dpo_margins(jnp.array([-1.0]), jnp.array([-4.0]), np.array([-2.0]), np.array([-3.0]), beta=0.25)
    assert float(margins[0]) == pytest.approx(0.25 * (1.0 - -1.0))


def test_the_loss_of_a_policy_that_is_its_reference_is_a_coins() -> None:
    assert float(dpo_loss(jnp.zeros(3))) == pytest.approx(np.log(2))


def test_every_setting_of_the_recipes_optimizer_reaches_the_optimizer() -> None:
    optim = Optimizer(lr=0.03, eps=1e-5, weight_decay=0.02, betas=(0.8, 0.9), adam_w_mode=False)
    model = TrainedModel(optim=optim, peft=Peft(lora_tuning=LoraTuning(loraplus_lr_ratio=6.0)))
    settings = optimizer_settings(model)
    assert (settings.learning_rate, settings.eps, settings.weight_decay) == (0.03, 1e-5, 0.02)
    assert (settings.betas, settings.decoupled, settings.lora_plus_ratio) == ((0.8, 0.9), False, 6.0)
