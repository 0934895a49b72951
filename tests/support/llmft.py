"""A fine-tuning of open weights small enough for a test: model, data and recipe as files in one folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from localcloud.trainer.model import corpus
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.config import ModelConfig
from localcloud.trainer.model.tokenizer import Tokenizer
from localcloud.trainer.model.transformer import initial_parameters

ROWS = 8
BATCH = 4


def chat(question: str, answer: str) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": "You help."},
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    }


def an_untrained_model() -> Checkpoint:
    """Random weights: 64 tokens of context, one narrow layer."""
    tokenizer = Tokenizer.learn(corpus.texts(corpus.rows(300, seed=3)), size=300)
    config = ModelConfig(tokenizer.size, context=64, width=16, layers=1, heads=2, hidden=16)
    return Checkpoint(config, tokenizer, initial_parameters(config, seed=0))


class OpenJob:
    """A folder with model/, train.jsonl and recipe.yaml; the trained model comes into output/."""

    def __init__(self, folder: Path, model: Checkpoint) -> None:
        self.folder = folder
        self.output = folder / "output"
        model.save(folder / "model")
        self.rows([chat(f"Where is order {number}?", "It is late.") for number in range(10, 10 + ROWS)])
        self.recipe()

    def rows(self, rows: list[dict[str, Any]], name: str = "train") -> None:
        (self.folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def recipe(self, *, lora: bool = True, nodes: int = 1, validation: bool = False, **args: Any) -> None:
        """Write a recipe with `args` among its training_args."""
        peft = {"peft_type": "lora", "r": 8, "lora_alpha": 32, "lora_dropout": 0.1, "bias": "none"}
        held_out = str(self.folder / "validation.jsonl") if validation else ""
        content = {
            "run": {"name": "a-job", "model_type": "llm_finetuning_aws", "results_dir": str(self.output)},
            "trainer": {"devices": 8, "num_nodes": nodes},
            "training_config": {
                "datasets": {
                    "train_data": {"file_path": str(self.folder / "train.jsonl"), "limit": None},
                    "val_data": {"file_path": held_out, "limit": None},
                    "train_val_split_ratio": 1.0,
                },
                "model_config": {
                    "model_name_or_path": str(self.folder / "model"),
                    "peft_config": peft if lora else None,
                },
                "training_args": {
                    "train_batch_size": BATCH,
                    "max_epochs": 2,
                    "max_len": 64,
                    "learning_rate": 1e-3,
                    "training_dir": str(self.output),
                    **args,
                },
            },
        }
        self.path.write_text(yaml.safe_dump(content))

    @property
    def path(self) -> Path:
        return self.folder / "recipe.yaml"
