"""Which model files Bedrock can import, and what is said of those that it cannot."""

from __future__ import annotations

import json

import pytest

from atelier.errors import UnsupportedCombination
from atelier.targets import import_source as module
from atelier.targets.import_source import has_chat_template, import_source
from tests.fixtures.objects import FakeObjects

ROOT = "s3://data/runs/r/output/r-s0/"
CONFIG = json.dumps({"architectures": ["LlamaForCausalLM"]}).encode()
MODEL = {
    "config.json": CONFIG,
    "model.safetensors": b"w",
    "tokenizer.json": b"{}",
    "tokenizer_config.json": b'{"chat_template": "{{ messages }}"}',
}


def model_at(prefix: str, **changes: bytes | None) -> FakeObjects:
    files = {**MODEL, **changes}
    return FakeObjects({prefix + name: body for name, body in files.items() if body is not None})


@pytest.mark.parametrize("place", ["", "checkpoints/hf_merged/"])
def test_the_source_is_the_folder_with_the_model_s_configuration(place: str) -> None:
    assert import_source(ROOT.rstrip("/"), model_at(ROOT + place)) == ROOT + place


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        (FakeObjects({f"{ROOT}checkpoints/hf/adapter_config.json": b"{}"}), "with merge_weights: true"),
        (
            FakeObjects({f"{ROOT}model.tar.gz": b"x"}),
            r"\(found: model\.tar\.gz\); accepted: a model in Hugging Face's",
        ),
        (FakeObjects(), r"found: nothing"),
        (model_at(ROOT, **{"model.safetensors": None}), r"no \*\.safetensors"),
        (model_at(ROOT, **{"tokenizer.json": None}), "it has no tokenizer; accepted: tokenizer.json or"),
        (model_at(ROOT, **{"tokenizer_config.json": None}), "it has no tokenizer_config.json"),
        (
            model_at(ROOT, **{"config.json": b'{"architectures": ["Gemma3ForCausalLM"]}'}),
            "names architecture Gemma3",
        ),
        (
            model_at(ROOT, **{"config.json": b"{}"}),
            "names architecture none; accepted: GPTBigCodeForCausalLM, ",
        ),
        (model_at(ROOT, **{"config.json": b"["}), "config.json is not JSON"),
        (model_at(ROOT, **{"config.json": b"[]"}), "config.json must be a JSON object, got list"),
    ],
)
def test_what_cannot_be_imported_says_why_and_what_would_be(objects: FakeObjects, message: str) -> None:
    with pytest.raises(UnsupportedCombination, match=message):
        import_source(ROOT, objects)


def test_every_problem_is_named_at_once() -> None:
    objects = model_at(ROOT, **{"model.safetensors": None, "tokenizer_config.json": None})
    with pytest.raises(UnsupportedCombination, match=r"safetensors; .*tokenizer_config"):
        import_source(ROOT, objects)


def test_a_key_that_the_api_refuses_is_refused_before() -> None:
    with pytest.raises(UnsupportedCombination, match="has characters that Bedrock refuses"):
        import_source("s3://data/runs/a=b/", model_at("s3://data/runs/a=b/"))


def test_a_model_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_BYTES", 10)
    with pytest.raises(UnsupportedCombination, match="accepted: at most 10"):
        import_source(ROOT, model_at(ROOT))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"tokenizer_config.json": b"{}"}, False),
        ({"tokenizer_config.json": None}, False),
        ({"tokenizer_config.json": b"{}", "chat_template.jinja": b"{{ x }}"}, True),
    ],
)
def test_a_chat_template_is_found_in_either_place(changes: dict[str, bytes | None], expected: bool) -> None:
    assert has_chat_template(ROOT, model_at(ROOT, **changes)) is expected
