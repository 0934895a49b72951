"""A model small enough to train in a test, and a job's folder to run it in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.trainer.jobs.opt_ml import OptMl
from localcloud.trainer.model import corpus
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.config import ModelConfig
from localcloud.trainer.model.tokenizer import Tokenizer
from localcloud.trainer.model.transformer import initial_parameters

Recipe = dict[str, Any]

# Most of such a test is compiling; unoptimised programs take half the time to make and run well enough.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return Tokenizer.learn(corpus.texts(corpus.rows(300, seed=3)), size=300)


@pytest.fixture(scope="session")
def untrained(tokenizer: Tokenizer) -> Checkpoint:
    """A model with random weights: 64 tokens of context, one narrow layer."""
    config = ModelConfig(tokenizer.size, context=64, width=16, layers=1, heads=2, hidden=16)
    return Checkpoint(config, tokenizer, initial_parameters(config, seed=0))


class Job:
    """A job's folder as the embedded cloud prepares it, and the environment its process gets."""

    def __init__(self, root: Path, base: Checkpoint) -> None:
        self.opt_ml = OptMl(root / "opt" / "ml")
        self.environment = {
            "SM_ML_ROOT": str(self.opt_ml.root),
            "ATELIER_BASE_MODELS": str(root / "base-models"),
            "ATELIER_ESCROW_URI": "s3://customer-escrow-000000000000-smtj-x/job",
        }
        base.save(root / "base-models" / "atelier-tiny")
        self.hyperparameters(
            sagemaker_recipe_local_path="/opt/ml/input/data/recipe/recipe.yaml",
            base_model="atelier-tiny/prod",
        )

    def hyperparameters(self, **values: str) -> None:
        self._write("config/hyperparameters.json", json.dumps(values))

    def recipe(self, recipe: object) -> None:
        self._write("data/recipe/recipe.yaml", yaml.safe_dump(recipe))

    def channel(self, name: str, file: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self._write(f"data/{name}/{file}", "".join(json.dumps(row) + "\n" for row in rows))

    def checkpoint(self) -> Path:
        (folder,) = (self.opt_ml.root / "escrow").iterdir()
        return folder

    def _write(self, path: str, text: str) -> None:
        target = self.opt_ml.root / "input" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


@pytest.fixture
def job(tmp_path: Path, untrained: Checkpoint) -> Job:
    return Job(tmp_path, untrained)


def conversation(question: str, answer: str) -> dict[str, Any]:
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "messages": [
            {"role": "user", "content": [{"text": question}]},
            {"role": "assistant", "content": [{"text": answer}]},
        ],
    }


def preference(question: str, chosen: str, rejected: str) -> dict[str, Any]:
    candidates = [
        {"content": [{"text": chosen}], "preferenceLabel": "preferred"},
        {"content": [{"text": rejected}], "preferenceLabel": "non-preferred"},
    ]
    return {
        "messages": [
            {"role": "user", "content": [{"text": question}]},
            {"role": "assistant", "candidates": candidates},
        ]
    }


def training_recipe(*, lora: bool = True, beta: float | None = None, **changes: Any) -> Recipe:
    """A Nova 1.0 recipe with `changes` to learning rate, epochs, batch size or length."""
    model: dict[str, Any] = {
        "hidden_dropout": 0.0,
        "attention_dropout": 0.0,
        "ffn_dropout": 0.0,
        "optim": {
            "lr": changes.pop("lr", 1e-2),
            "name": "distributed_fused_adam",
            "adam_w_mode": True,
            "eps": 1e-6,
            "weight_decay": 0.0,
            "betas": [0.9, 0.999],
            "sched": {"warmup_steps": 0, "constant_steps": 0, "min_lr": 0.0},
        },
        "peft": {
            "peft_scheme": "lora",
            "lora_tuning": {"loraplus_lr_ratio": 4.0, "alpha": 32, "adapter_dropout": 0.0},
        }
        if lora
        else {"peft_scheme": None},
    }
    if beta is not None:
        model["dpo_cfg"] = {"beta": beta}
    config = {
        "max_length": changes.pop("max_length", 64),
        "global_batch_size": changes.pop("global_batch_size", 4),
        "trainer": {"max_epochs": changes.pop("max_epochs", 2)},
        "model": model,
    }
    assert not changes, changes
    return {"run": _run(), "training_config": config}


def steps_recipe(*, lora: bool = True, **changes: Any) -> Recipe:
    """A Nova 2 recipe with `changes` to its training_config; the learning rate is `lr`."""
    config: dict[str, Any] = {
        "max_steps": 8,
        "save_steps": 2,
        "save_top_k": 5,
        "max_length": 64,
        "global_batch_size": 4,
        "reasoning_enabled": False,
        "val_check_interval": 2,
        "limit_val_batches": 2,
        "lr_scheduler": {"warmup_steps": 0, "min_lr": 0.0},
        "optim_config": {
            "lr": changes.pop("lr", 1e-2),
            "weight_decay": 0.0,
            "adam_beta1": 0.9,
            "adam_beta2": 0.95,
        },
        "peft": {"peft_scheme": "lora", "lora_tuning": {"alpha": 32, "lora_plus_lr_ratio": 4.0}}
        if lora
        else {"peft_scheme": "null"},
        "model_importance_score": {"fine_tuned_model": 1.0},
    }
    run = _run() | {"validation_data_s3_path": "", "validation_data_s3_path_list": {}}
    return {"run": run, "training_config": config | changes}


def evaluation_recipe(**inference: Any) -> Recipe:
    return {
        "run": _run(),
        "evaluation": {"task": "gen_qa", "strategy": "gen_qa", "metric": "all"},
        "inference": {"max_new_tokens": 8196, "top_k": -1, "top_p": 1.0, "temperature": 0} | inference,
    }


def _run() -> Recipe:
    return {
        "name": "a-run",
        "model_type": "atelier.tiny-v1:0:256",
        "model_name_or_path": "atelier-tiny/prod",
        "replicas": 1,
    }
