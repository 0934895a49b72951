"""The model files that Bedrock imports, checked before the import: Bedrock itself refuses after minutes.

Source: Bedrock user guide, "Custom model import"; the SageMaker SDK's lookup of a job's Hugging Face model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from atelier.errors import UnsupportedCombination
from atelier.storage import Objects

ARCHITECTURES = frozenset(
    {
        "GPTBigCodeForCausalLM",
        "GptOssForCausalLM",
        "LlamaForCausalLM",
        "MistralForCausalLM",
        "MixtralForCausalLM",
        "MllamaForConditionalGeneration",
        "Qwen2ForCausalLM",
        "Qwen2VLForConditionalGeneration",
        "Qwen2_5_VLForConditionalGeneration",
        "Qwen3ForCausalLM",
        "T5ForConditionalGeneration",
    }
)
"""`architectures` of config.json: Hugging Face's class names of the families in Bedrock's documentation."""

LARGEST_BYTES = 200_000_000_000
"""Of a text model."""

_PLACES = ("", "checkpoints/hf_merged/")
_ADAPTERS = ("adapter_config.json", "checkpoints/hf/adapter_config.json")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
# The pattern of s3Uri in CreateModelImportJob (botocore, service model bedrock/2023-04-20).
_KEY = re.compile(r"[-!_*'().a-z0-9A-Z/]*")


def import_source(checkpoint: str, objects: Objects) -> str:
    """The prefix below a checkpoint that Bedrock can import, ending in `/`.

    UnsupportedCombination names every problem and what would be accepted.
    """
    root = f"{checkpoint.rstrip('/')}/"
    files = sorted(objects.below(root))
    source = next((root + place for place in _PLACES if f"{root}{place}config.json" in files), None)
    if source is None:
        raise UnsupportedCombination(f"{root} cannot be imported into Bedrock: {_what_is_there(root, files)}")
    names = [file.removeprefix(source) for file in files if file.startswith(source)]
    problems = [*_problems(source, names, objects)]
    if problems:
        raise UnsupportedCombination(f"{source} cannot be imported into Bedrock: {'; '.join(problems)}")
    return source


def has_chat_template(source: str, objects: Objects) -> bool:
    """Whether the tokenizer has a chat template; a model without one answers raw prompts only."""
    if objects.exists(f"{source}chat_template.jinja"):
        return True
    try:
        return bool(_document(f"{source}tokenizer_config.json", objects).get("chat_template"))
    except FileNotFoundError:
        return False


def _what_is_there(root: str, files: list[str]) -> str:
    if any(root + adapter in files for adapter in _ADAPTERS):
        return (
            "it is a LoRA adapter without its base model; accepted: merged weights, which the recipe writes "
            "with merge_weights: true"
        )
    shown = ", ".join(file.removeprefix(root) for file in files[:5]) or "nothing"
    places = " or ".join(f"{place}config.json" for place in _PLACES)
    return f"it has no {places} (found: {shown}); accepted: a model in Hugging Face's layout, not an archive"


def _problems(source: str, names: list[str], objects: Objects) -> Iterator[str]:
    key = source.removeprefix("s3://").partition("/")[2]
    if not _KEY.fullmatch(key):
        yield f"its key {key!r} has characters that Bedrock refuses; accepted: letters, digits and -!_*'()./"
    if not any(name.endswith(".safetensors") for name in names):
        yield "it has no *.safetensors; accepted: weights as safetensors"
    if not any(name in _TOKENIZERS for name in names):
        yield f"it has no tokenizer; accepted: {' or '.join(_TOKENIZERS)}"
    if "tokenizer_config.json" not in names:
        yield "it has no tokenizer_config.json"
    architectures = _document(f"{source}config.json", objects).get("architectures") or []
    if not ARCHITECTURES.intersection(architectures):
        found = ", ".join(map(str, architectures)) or "none"
        yield f"config.json names architecture {found}; accepted: {', '.join(sorted(ARCHITECTURES))}"
    size = sum(objects.stat(source + name).size for name in names)
    if size > LARGEST_BYTES:
        yield f"it has {size:,} bytes; accepted: at most {LARGEST_BYTES:,}"


def _document(uri: str, objects: Objects) -> Mapping[str, Any]:
    try:
        document = json.loads(objects.read(uri))
    except ValueError as error:
        raise UnsupportedCombination(f"{uri} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UnsupportedCombination(f"{uri} must be a JSON object, got {type(document).__name__}")
    return document
