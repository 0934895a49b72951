"""Make the base model: `python -m localcloud.trainer.model.make_base --out DIR`.

Pre-trains `atelier-tiny` on generated text. Reproducible: the folder records a hash of everything that
decides the weights, and making it again is a no-op while that hash holds.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import logging
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jax import Array

from localcloud.trainer.model import corpus
from localcloud.trainer.model.batches import Sequences
from localcloud.trainer.model.chat import Encoded, encode_conversation
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.config import ModelConfig
from localcloud.trainer.model.losses import token_loss
from localcloud.trainer.model.optimizer import OptimizerSettings
from localcloud.trainer.model.tokenizer import Tokenizer
from localcloud.trainer.model.training import train
from localcloud.trainer.model.transformer import Parameters, forward, initial_parameters

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Pretraining:
    """Every choice that decides the base model's weights, beside this package's code."""

    vocabulary: int = 768
    vocabulary_rows: int = 4000
    steps: int = 2000
    batch: int = 8
    length: int = 64
    question_weight: float = 0.1
    learning_rate: float = 4e-3
    seed: int = 7


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    make(parser.parse_args().out, Pretraining())


def make(folder: Path, settings: Pretraining) -> None:
    """Make the base model in `folder`, unless it is there; replaces one made by other code or settings."""
    expected = config_hash(settings)
    if _hash_of(folder) == expected:
        log.info("%s is up to date", folder)
        return
    checkpoint = pretrain(settings)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        checkpoint.save(Path(scratch) / "model", config_hash=expected)
        shutil.rmtree(folder, ignore_errors=True)
        (Path(scratch) / "model").rename(folder)


def pretrain(settings: Pretraining) -> Checkpoint:
    rows = corpus.rows(2 * settings.batch * settings.steps, settings.seed)
    tokenizer = Tokenizer.learn(corpus.texts(rows[: settings.vocabulary_rows]), settings.vocabulary)
    encoded = (encode_conversation(tokenizer, row["messages"], row.get("system")) for row in rows)
    fitting = [row for row in encoded if len(row.ids) <= settings.length][: settings.batch * settings.steps]
    sequences = _weighted(fitting, settings)
    batches = (
        sequences.take(np.arange(start, start + settings.batch, dtype=np.int32))
        for start in range(0, len(sequences) - settings.batch + 1, settings.batch)
    )
    config = ModelConfig(tokenizer.size)

    def loss(parameters: Parameters, batch: Sequences, _: Array) -> tuple[Array, dict[str, Array]]:
        return token_loss(forward(config, parameters, batch.tokens), batch.tokens, batch.weights), {}

    optimizer = OptimizerSettings(
        settings.learning_rate, settings.learning_rate / 20, warmup_steps=20, betas=(0.9, 0.98)
    )
    parameters = initial_parameters(config, settings.seed)
    for step in train(parameters, loss, batches, settings.steps, optimizer, settings.seed):
        if step.number % 100 == 0:
            log.info("step %d of %d, loss %.3f", step.number, settings.steps, step.loss)
        parameters = step.parameters
    return Checkpoint(config, tokenizer, parameters)


def config_hash(settings: Pretraining) -> str:
    """A hash over the settings, this package's code and the library that computes."""
    digest = hashlib.sha256(json.dumps([dataclasses.asdict(settings), version("jax")]).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _weighted(rows: list[Encoded], settings: Pretraining) -> Sequences:
    """Answers count in full, questions a little: enough to know the words they are made of."""
    sequences = Sequences.of(rows, settings.length)
    is_token = np.arange(settings.length)[None] < np.array([[len(row.ids)] for row in rows])
    weights = np.where(is_token, np.maximum(sequences.weights, settings.question_weight), 0.0)
    return Sequences(sequences.tokens, weights.astype(np.float32))


def _hash_of(folder: Path) -> str | None:
    try:
        found = json.loads((folder / "config.json").read_text())["config_hash"]
    except (OSError, ValueError, KeyError):
        return None
    return str(found)


if __name__ == "__main__":
    main()
