"""The candidates for a request, and the message when there is none."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.errors import UnsupportedCombination
from tests.fixtures.recipes import recipe, refusal


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        (
            {"base_model": "nova-2-lite", "technique": "dpo"},
            "stages.0: nova-2-lite dpo lora does not exist; nova-2-lite has sft lora, sft full, rft lora, "
            "rft full, mtrl lora, cpt full; dpo lora exists for nova-micro, nova-lite, nova-pro, ",
        ),
        (
            {"technique": "ppo"},
            "nova-micro ppo lora does not exist; nova-micro has sft lora, sft full, dpo lora, dpo full, "
            "ppo full, distillation, cpt full",
        ),
        (
            {"base_model": "nova-2-lite", "technique": "distillation"},
            "distillation exists for nova-micro, nova-lite, nova-pro",
        ),
        (
            {"technique": "ppo", "adaptation": "full"},
            "platform = 'training-job': nova-micro ppo full does not run there; it runs on hyperpod-eks",
        ),
        (
            {"platform": "hyperpod-slurm"},
            "platform = 'hyperpod-slurm': nova-micro sft lora does not run there; it runs on training-job, "
            "hyperpod-eks, serverless, bedrock",
        ),
        (
            {"platform": "serverless"},
            "serverless, bedrock; this release submits to training-job, hyperpod-eks, hyperpod-slurm",
        ),
        (
            {
                "platform": "auto",
                "platforms_here": ("training-job",),
                "technique": "cpt",
                "adaptation": "full",
            },
            "platform = 'auto': nova-micro cpt full runs on hyperpod-eks; this environment submits to "
            "training-job",
        ),
        (
            {"platform": "hyperpod-eks", "technique": "dpo", "instance_type": "ml.g5.12xlarge"},
            "instance_type = 'ml.g5.12xlarge': nova-micro dpo lora runs on ml.p5.48xlarge, ml.p4d.24xlarge, "
            "ml.p5en.48xlarge on hyperpod-eks; on ml.g5.12xlarge it runs on training-job",
        ),
        (
            {"platform": "serverless", "platforms_here": ("serverless",), "instance_type": "ml.p5.48xlarge"},
            "instance_type = 'ml.p5.48xlarge': serverless chooses its own instances; leave instance_type out",
        ),
        (
            {"platform": "serverless", "platforms_here": ("serverless",), "replicas": 4},
            "replicas = 4: serverless chooses its own instances; leave replicas out",
        ),
        (
            {
                "platform": "hyperpod-eks",
                "platforms_here": ("hyperpod-eks",),
                "technique": "ppo",
                "adaptation": "full",
                "replicas": 8,
            },
            "replicas = 8: the recipe sets the number of instances of each of its jobs; leave replicas out",
        ),
        (
            {"task": "mmmu", "technique": None, "adaptation": None},
            "nova-micro has mmlu, mmlu_pro, bbh, gpqa, math, strong_reject, ifeval, gen_qa, llm_judge, "
            "rft_eval; mmmu exists for nova-lite, nova-pro, nova-2-lite",
        ),
        (
            {"base_model": "nova-canvas"},
            "base_model = 'nova-canvas': cannot be customized: it makes images",
        ),
        (
            {"base_model": "nova-premier"},
            "AWS has ended it; customize nova-pro, which is also the teacher of a distillation stage",
        ),
        (
            {"environment": "local"},
            "base_model = 'nova-micro': the embedded cloud trains atelier-tiny, atelier-tiny-2, "
            "atelier-tiny-open; this ",
        ),
        (
            {"data_mixing": {"customer": 50, "nova": {"code": 100}}},
            "data_mixing: nova-micro sft lora cannot mix in data on training-job; accepted: hyperpod-eks",
        ),
    ],
)
def test_a_combination_that_does_not_exist_names_the_nearest(
    requested: dict[str, Any], expected: str
) -> None:
    assert expected in refusal(UnsupportedCombination, **requested)


@pytest.mark.parametrize(
    "name",
    [
        "nova-premier",
        "nova-canvas",
        "nova-reel",
        "nova-sonic",
        "nova-2-sonic",
        "nova-act",
        "nova-2-omni",
        "nova-2-pro",
        "nova-multimodal-embeddings",
    ],
)
def test_a_nova_model_that_cannot_be_customized_says_what_it_is(name: str) -> None:
    message = refusal(UnsupportedCombination, base_model=name)
    assert f"base_model = '{name}': cannot be customized: " in message
    assert "customize nova-" in message


class TestPlatformAuto:
    def test_takes_the_cheapest_of_the_platforms_here(self) -> None:
        chosen = recipe(platform="auto", platforms_here=("hyperpod-eks", "training-job"))
        assert (chosen.platform, chosen.instance_type) == ("training-job", "ml.g5.12xlarge")

    def test_takes_a_cheaper_instance_type_than_awss_default_of_the_recipe(self) -> None:
        assert recipe(technique="dpo", base_model="nova-pro").instance_type == "ml.p5.48xlarge"
        chosen = recipe(technique="dpo", base_model="nova-pro", platform="auto")
        assert chosen.instance_type == "ml.p4d.24xlarge"

    def test_takes_the_cheapest_on_which_the_settings_are_accepted(self) -> None:
        chosen = recipe(platform="auto", settings={"max_length": 32768})
        assert (chosen.instance_type, chosen.replicas) == ("ml.p4d.24xlarge", 2)

    def test_takes_a_platform_that_bills_tokens_only_where_nothing_else_is(self) -> None:
        both = recipe(platform="auto", platforms_here=("serverless", "training-job"))
        alone = recipe(platform="auto", platforms_here=("serverless",))
        assert (both.platform, alone.platform) == ("training-job", "serverless")
        assert (alone.instance_type, alone.replicas, alone.image) == (None, None, None)

    def test_tells_what_is_wrong_with_settings_that_nothing_accepts(self) -> None:
        assert "max_epochs = 900: must be at least 1" in refusal(
            platform="auto", settings={"max_epochs": 900}
        )

    def test_takes_a_platform_that_mixes_data_where_that_is_asked_for(self) -> None:
        chosen = recipe(
            platform="auto",
            platforms_here=("training-job", "hyperpod-eks"),
            data_mixing={"customer": 50, "nova": {"code": 100}},
        )
        assert chosen.platform == "hyperpod-eks"


def test_a_technique_that_is_only_adapted_otherwise_is_told_with_the_models_that_have_it() -> None:
    message = refusal(UnsupportedCombination, base_model="qwen-3-32b", technique="ppo")
    assert message.endswith("; ppo full exists for nova-micro, nova-lite, nova-pro")


def test_a_wrong_platform_is_told_what_can_be_had_at_all() -> None:
    message = refusal(UnsupportedCombination, technique="ppo", adaptation="full", platform="hyperpod-slurm")
    assert message.endswith("does not run there; it runs on hyperpod-eks")
