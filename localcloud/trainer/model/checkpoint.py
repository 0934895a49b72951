"""A model on disk in Hugging Face's layout, with adapter.safetensors after LoRA.

A LoRA checkpoint holds the weights it was trained on beside its adapter, so that a folder is always a whole
model.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from localcloud.trainer.model import lora
from localcloud.trainer.model.config import ModelConfig
from localcloud.trainer.model.tokenizer import Tokenizer
from localcloud.trainer.model.transformer import Parameters

ARCHITECTURE = "LlamaForCausalLM"
"""What config.json claims, so that the check of an import applies; the tiny model's layers are its own."""

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message.role + '|>' + message.content }}"
    "{% if message.role == 'assistant' %}{{ '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
"""The template of chat.py for turns of text, in the form of Hugging Face's tokenizers."""


class UnreadableCheckpoint(ValueError):
    """A folder that does not hold a model of ours."""


@dataclasses.dataclass(frozen=True, slots=True)
class Adapter:
    """What LoRA training made; its effect is alpha / rank * A B."""

    parameters: Parameters
    alpha: float


@dataclasses.dataclass(frozen=True, slots=True)
class Checkpoint:
    config: ModelConfig
    tokenizer: Tokenizer
    parameters: Parameters
    adapter: Adapter | None = None

    def merged(self) -> Parameters:
        """The weights to compute with: the adapter, if any, folded in."""
        if self.adapter is None:
            return self.parameters
        return lora.merge(self.parameters, self.adapter.parameters, self.adapter.alpha)

    def save(self, folder: Path, **provenance: Any) -> None:
        """Write the model into a new folder; `provenance` goes into config.json."""
        folder.mkdir(parents=True)
        adapter = self.adapter and {"alpha": self.adapter.alpha}
        settings = {
            "architectures": [ARCHITECTURE],
            "model": dataclasses.asdict(self.config),
            "adapter": adapter,
            **provenance,
        }
        (folder / "config.json").write_text(json.dumps(settings, indent=2) + "\n")
        tokenizer_config = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": CHAT_TEMPLATE}
        (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config, indent=2) + "\n")
        self.tokenizer.save(folder / "tokenizer.json")
        save_file(_host(self.parameters), folder / "model.safetensors")
        if self.adapter is not None:
            save_file(_host(self.adapter.parameters), folder / "adapter.safetensors")

    @classmethod
    def load(cls, folder: Path) -> Checkpoint:
        try:
            settings = json.loads((folder / "config.json").read_text())
            adapter = settings["adapter"] and Adapter(
                load_file(folder / "adapter.safetensors"), settings["adapter"]["alpha"]
            )
            return cls(
                config=ModelConfig(**settings["model"]),
                tokenizer=Tokenizer.load(folder / "tokenizer.json"),
                parameters=load_file(folder / "model.safetensors"),
                adapter=adapter,
            )
        except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
            raise UnreadableCheckpoint(
                f"{folder} does not hold an atelier-tiny checkpoint: {error}"
            ) from error


def _host(parameters: Parameters) -> dict[str, np.ndarray[Any, Any]]:
    return {name: np.asarray(value) for name, value in parameters.items()}
