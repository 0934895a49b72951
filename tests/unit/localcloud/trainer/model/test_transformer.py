"""The forward pass: causal, the same with and without a cache, and honest about dropout."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from localcloud.trainer.model import lora
from localcloud.trainer.model.checkpoint import Adapter, Checkpoint
from localcloud.trainer.model.generate import Sampling, Stream, generate
from localcloud.trainer.model.transformer import Cache, Dropout, extend, forward

TOKENS = np.array([[5, 9, 20, 33, 7, 11], [8, 8, 40, 2, 19, 50]])
FORWARD = jax.jit(forward, static_argnums=0, static_argnames=("adapter_scale", "dropout"))


def test_later_tokens_do_not_change_earlier_logits(untrained: Checkpoint) -> None:
    changed = TOKENS.copy()
    changed[:, 4:] = 60
    before = FORWARD(untrained.config, untrained.parameters, TOKENS)
    after = FORWARD(untrained.config, untrained.parameters, changed)
    np.testing.assert_allclose(before[:, :4], after[:, :4], atol=1e-5)
    assert not np.allclose(before[:, 4:], after[:, 4:])


def test_the_cache_changes_nothing_but_the_work(untrained: Checkpoint) -> None:
    whole = FORWARD(untrained.config, untrained.parameters, TOKENS)
    step = jax.jit(extend, static_argnums=0)
    cache = Cache.empty(untrained.config, 2)
    positions = np.broadcast_to(np.arange(4), (2, 4))
    start, cache = step(untrained.config, untrained.parameters, cache, TOKENS[:, :4], positions)
    fifth, _ = step(untrained.config, untrained.parameters, cache, TOKENS[:, 4:5], np.full((2, 1), 4))
    np.testing.assert_allclose(np.concatenate([start, fifth], axis=1), whole[:, :5], atol=1e-4)


def test_a_merged_adapter_computes_what_the_adapter_did(untrained: Checkpoint) -> None:
    random = np.random.default_rng(0)
    adapter = {
        name: random.standard_normal(value.shape, np.float32) / 10
        for name, value in lora.initial_adapter(untrained.config, lora.RANK, seed=0).items()
    }
    apart = FORWARD(
        untrained.config, {**untrained.parameters, **adapter}, TOKENS, adapter_scale=lora.scale(64, lora.RANK)
    )
    merged = Checkpoint(
        untrained.config, untrained.tokenizer, untrained.parameters, Adapter(adapter, 64)
    ).merged()
    np.testing.assert_allclose(FORWARD(untrained.config, merged, TOKENS), apart, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("site", ["hidden", "attention", "ffn", "adapter"])
def test_each_dropout_of_a_recipe_drops_something_in_training_only(untrained: Checkpoint, site: str) -> None:
    adapter = {
        name: np.ones_like(value)
        for name, value in lora.initial_adapter(untrained.config, lora.RANK, seed=0).items()
    }
    weights = {**untrained.parameters, **adapter}
    rates = Dropout(**{site: 0.5})
    plain = FORWARD(untrained.config, weights, TOKENS)
    np.testing.assert_array_equal(FORWARD(untrained.config, weights, TOKENS, dropout=rates), plain)
    dropped = FORWARD(untrained.config, weights, TOKENS, dropout=rates, key=jax.random.key(1))
    assert not np.allclose(dropped, plain)


def test_many_prompts_at_once_get_the_answers_that_each_gets_alone(untrained: Checkpoint) -> None:
    prompts = [[5, 9, 20], [8, 8, 40, 2, 19, 50, 3], [30]]
    together = generate(
        untrained.config, untrained.parameters, prompts, end=0, max_new_tokens=12, sampling=Sampling()
    )
    stream = Stream(untrained.config, untrained.parameters)
    for prompt, answer in zip(prompts, together, strict=True):
        alone: list[int] = []
        for token in stream.tokens(prompt, Sampling(), seed=0):
            if token == 0 or len(alone) == 12:
                break
            alone.append(token)
        assert answer == alone


def test_an_answer_ends_where_the_context_does(untrained: Checkpoint) -> None:
    context = untrained.config.context
    never = untrained.config.vocabulary  # no token has this id, so nothing ends the answer early
    prompts = [[5] * (context - 3), [5] * 4]
    answers = generate(
        untrained.config, untrained.parameters, prompts, end=never, max_new_tokens=10_000, sampling=Sampling()
    )
    assert [len(answer) for answer in answers] == [3, context - 4]


def test_sampling_keeps_to_the_most_likely_tokens() -> None:
    logits = jnp.log(jnp.array([[0.5, 0.3, 0.15, 0.05]]))

    def drawn(sampling: Sampling) -> set[int]:
        return {int(sampling.draw(logits, jax.random.key(seed))[0]) for seed in range(60)}

    assert drawn(Sampling(temperature=0.0)) == {0}
    assert drawn(Sampling(temperature=1.0, top_p=0.7)) == {0, 1}
    assert drawn(Sampling(temperature=1.0, top_k=3)) == {0, 1, 2}
    assert drawn(Sampling(temperature=5.0)) == {0, 1, 2, 3}
