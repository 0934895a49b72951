"""What a training changes: every weight, or a low-rank adapter beside frozen ones."""

from __future__ import annotations

import dataclasses

from localcloud.trainer.jobs.recipe import TrainedModel
from localcloud.trainer.model import lora
from localcloud.trainer.model.checkpoint import Adapter, Checkpoint
from localcloud.trainer.model.optimizer import OptimizerSettings
from localcloud.trainer.model.transformer import Dropout, Parameters


@dataclasses.dataclass(frozen=True, slots=True)
class Adaptation:
    """The trainable part of a model, the frozen one, and how they make a checkpoint.

    A LoRA checkpoint that is trained on is folded into the frozen weights first, so that a stage always
    starts with a neutral adapter and the frozen weights are the model it started from.
    """

    start: Checkpoint
    frozen: Parameters
    trainable: Parameters
    dropout: Dropout
    adapter_scale: float = 1.0
    alpha: float | None = None

    @classmethod
    def of(cls, start: Checkpoint, model: TrainedModel, seed: int) -> Adaptation:
        """As a recipe of Nova's says."""
        tuning = model.peft.lora_tuning
        dropout = Dropout(model.hidden_dropout, model.attention_dropout, model.ffn_dropout)
        if model.peft.peft_scheme is None:
            return cls.full(start, dropout)
        dropout = dataclasses.replace(dropout, adapter=tuning.adapter_dropout)
        return cls.low_rank(start, dropout, alpha=tuning.alpha, rank=lora.RANK, seed=seed)

    @classmethod
    def full(cls, start: Checkpoint, dropout: Dropout) -> Adaptation:
        """Every weight is trained."""
        return cls(start, frozen={}, trainable=start.merged(), dropout=dropout)

    @classmethod
    def low_rank(
        cls, start: Checkpoint, dropout: Dropout, *, alpha: float, rank: int, seed: int
    ) -> Adaptation:
        """An adapter of this rank is trained."""
        return cls(
            start,
            frozen=start.merged(),
            trainable=lora.initial_adapter(start.config, rank, seed),
            dropout=dropout,
            adapter_scale=lora.scale(alpha, rank),
            alpha=alpha,
        )

    def checkpoint(self, trained: Parameters) -> Checkpoint:
        """The model after training."""
        if self.alpha is None:
            return dataclasses.replace(self.start, parameters=trained, adapter=None)
        return dataclasses.replace(self.start, parameters=self.frozen, adapter=Adapter(trained, self.alpha))


def optimizer_settings(model: TrainedModel) -> OptimizerSettings:
    optim = model.optim
    return OptimizerSettings(
        learning_rate=optim.lr,
        min_learning_rate=optim.sched.min_lr,
        warmup_steps=optim.sched.warmup_steps,
        constant_steps=optim.sched.constant_steps,
        betas=optim.betas,
        eps=optim.eps,
        weight_decay=optim.weight_decay,
        decoupled=optim.adam_w_mode,
        lora_plus_ratio=model.peft.lora_tuning.loraplus_lr_ratio,
    )
