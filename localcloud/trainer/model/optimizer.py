"""AdamW as the Nova recipes describe it: warm-up, cosine decay to min_lr, LoRA+ for adapters."""

from __future__ import annotations

import dataclasses

import optax

from localcloud.trainer.model.transformer import Parameters


@dataclasses.dataclass(frozen=True, slots=True)
class OptimizerSettings:
    """`lora_plus_ratio` multiplies the learning rate of adapters' B matrices (LoRA+, arXiv 2402.12354).

    With `decoupled` weight decay this is AdamW, without it Adam with an L2 penalty. Gradients above
    `largest_norm` are scaled down to it.
    """

    learning_rate: float
    min_learning_rate: float
    warmup_steps: int = 0
    constant_steps: int = 0
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    decoupled: bool = True
    lora_plus_ratio: float = 1.0
    largest_norm: float | None = 1.0


def learning_rates(settings: OptimizerSettings, steps: int) -> optax.Schedule:
    """Step -> learning rate: NeMo's CosineAnnealing, whose keys the recipes use, over a training of `steps`.

    The last `constant_steps` run at the minimum. A training shorter than its warm-up ends within it.
    """
    decay = max(1, steps - settings.warmup_steps - settings.constant_steps)
    cosine = optax.cosine_decay_schedule(
        settings.learning_rate, decay, alpha=settings.min_learning_rate / settings.learning_rate
    )
    if settings.warmup_steps == 0:
        return cosine
    start = settings.learning_rate / (settings.warmup_steps + 1)
    warmup = optax.linear_schedule(start, settings.learning_rate, settings.warmup_steps)
    return optax.join_schedules([warmup, cosine], [settings.warmup_steps])


def adam(settings: OptimizerSettings, rates: optax.Schedule) -> optax.GradientTransformation:
    moments = optax.scale_by_adam(*settings.betas, eps=settings.eps)
    decay = optax.add_decayed_weights(settings.weight_decay)
    clipping = optax.identity()
    if settings.largest_norm is not None:
        clipping = optax.clip_by_global_norm(settings.largest_norm)
    return optax.chain(
        clipping,
        *((moments, decay) if settings.decoupled else (decay, moments)),
        optax.stateless(lambda updates, _: _faster_b(updates, settings.lora_plus_ratio)),
        optax.scale_by_learning_rate(rates),
    )


def _faster_b(updates: Parameters, ratio: float) -> Parameters:
    return {name: update * ratio if name.endswith(".b") else update for name, update in updates.items()}
