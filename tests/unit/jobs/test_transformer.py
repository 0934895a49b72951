"""The forward pass: causal, the same with and without a cache, and honest about dropout."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from localcloud.model import lora
from localcloud.model.checkpoint import Adapter, Checkpoint
from localcloud.model.generate import Sampling, Stream, generate
from localcloud.model.transformer import Cache, Dropout, extend, forward

TOKENS = jnp.array([[5, 9, 20, 33, 7, 11], [8, 8, 40, 2, 19, 50]])


def test_later_tokens_do_not_change_earlier_logits(untrained: Checkpoint) -> None:
    changed = TOKENS.at[:, 4:].set(60)
    before = forward(untrained.config, untrained.parameters, TOKENS)
    after = forward(untrained.config, untrained.parameters, changed)
    np.testing.assert_allclose(before[:, :4], after[:, :4], atol=1e-5)
    assert not np.allclose(before[:, 4:], after[:, 4:])


def test_the_cache_changes_nothing_but_the_work(untrained: Checkpoint) -> None:
    whole = forward(untrained.config, untrained.parameters, TOKENS)
    cache = Cache.empty(untrained.config, 2)
    positions = jnp.broadcast_to(jnp.arange(4), (2, 4))
    start, cache = extend(untrained.config, untrained.parameters, cache, TOKENS[:, :4], positions)
    fifth, cache = extend(untrained.config, untrained.parameters, cache, TOKENS[:, 4:5], jnp.full((2, 1), 4))
    np.testing.assert_allclose(jnp.concatenate([start, fifth], axis=1), whole[:, :5], atol=1e-4)


def test_a_merged_adapter_computes_what_the_adapter_did(untrained: Checkpoint) -> None:
    adapter = {
        name: jax.random.normal(jax.random.key(index), value.shape) / 10
        for index, (name, value) in enumerate(
            lora.initial_adapter(untrained.config, jax.random.key(0)).items()
        )
    }
    apart = forward(
        untrained.config, {**untrained.parameters, **adapter}, TOKENS, adapter_scale=lora.scale(64)
    )
    merged = Checkpoint(
        untrained.config, untrained.tokenizer, untrained.parameters, Adapter(adapter, 64)
    ).merged()
    np.testing.assert_allclose(forward(untrained.config, merged, TOKENS), apart, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("site", ["hidden", "attention", "ffn", "adapter"])
def test_each_dropout_of_a_recipe_drops_something_in_training_only(untrained: Checkpoint, site: str) -> None:
    adapter = {
        name: jnp.ones_like(value)
        for name, value in lora.initial_adapter(untrained.config, jax.random.key(0)).items()
    }
    weights = {**untrained.parameters, **adapter}
    rates = Dropout(**{site: 0.5})
    plain = forward(untrained.config, weights, TOKENS)
    np.testing.assert_array_equal(forward(untrained.config, weights, TOKENS, dropout=rates), plain)
    dropped = forward(untrained.config, weights, TOKENS, dropout=rates, key=jax.random.key(1))
    assert not np.allclose(dropped, plain)


def test_many_prompts_at_once_get_the_answers_that_each_gets_alone(untrained: Checkpoint) -> None:
    prompts = [[5, 9, 20], [8, 8, 40, 2, 19, 50, 3], [30]]
    together = generate(
        untrained.config, untrained.parameters, prompts, end=0, max_new_tokens=12, sampling=Sampling()
    )
    stream = Stream(untrained.config, untrained.parameters)
    for prompt, answer in zip(prompts, together, strict=True):
        alone = []
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
