"""`atelier recipes`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from cli.exit_codes import ExitCode
from tests.fixtures.commands import atelier
from tests.fixtures.hub import LORA_SFT, FakeHub, a_hub, entry, for_subscribers


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeHub:
    """The hub that a sync talks to, and a cache of this test's own."""
    fake = a_hub(entry(), for_subscribers())
    monkeypatch.setattr("cli.recipes.lists.hub_of_region", lambda _region: fake)
    monkeypatch.setenv("ATELIER_HUB_CACHE", str(tmp_path / "hub"))
    return fake


def test_without_a_filter_the_base_models_are_told_and_what_cannot_be_customized() -> None:
    output = atelier("recipes").output

    assert "nova-micro" in output
    assert "llama-3-1-8b-instruct" in output
    assert "nova-canvas" in output.partition("cannot be customized")[2]


def test_a_model_s_recipes_are_one_line_each_in_a_pipe() -> None:
    lines = atelier("recipes", "--model", "nova-micro", "--technique", "sft").output.splitlines()

    (pipeline,) = [pipeline for pipeline in lines if LORA_SFT in pipeline]
    assert "sft lora" in pipeline
    assert "2, 4, 8 x ml.p5.48xlarge" in pipeline


def test_a_model_that_cannot_be_customized_says_what_it_is_and_what_to_use() -> None:
    outcome = atelier("recipes", "--model", "nova-canvas")

    assert outcome.exit_code == ExitCode.OK
    assert "nova-canvas cannot be customized: it makes images" in outcome.output
    assert "nova-lite" in outcome.output


def test_filters_that_nothing_meets_together_are_refused() -> None:
    outcome = atelier("recipes", "--model", "nova-micro", "--technique", "mtrl")

    assert outcome.exit_code == ExitCode.INVALID
    assert "no recipe matches all filters" in outcome.stderr


def test_an_unknown_model_is_refused_with_the_nearest() -> None:
    outcome = atelier("recipes", "--model", "nova-mirco")

    assert outcome.exit_code == ExitCode.INVALID
    assert "did you mean 'nova-micro'?" in outcome.stderr


def test_a_list_for_a_machine_has_every_bound() -> None:
    listed = json.loads(atelier("recipes", "--model", "nova-micro", "--task", "gen_qa", "--json").output)

    assert [recipe["base_model"] for recipe in listed] == ["nova-micro"]
    assert listed[0]["hyperparameters"]["top_p"]["bounds"] == "at least 0 and at most 1"


def test_one_recipe_is_shown_with_where_it_runs_what_may_be_set_and_who_says_so() -> None:
    output = atelier("recipes", "show", LORA_SFT).output

    for told in (
        "hyperpod-eks",
        "us-west-2",
        "nova-fine-tune-repo:SM-TJ-SFT-latest",
        "global_batch_size",
        "one of 16, 32, 64",
        "accepted with a warning unless",
        "bedrock-on-demand",
        "aws/sagemaker-hyperpod-recipes",
    ):
        assert told in output


def test_a_recipe_as_yaml_is_the_file_with_its_defaults() -> None:
    document = yaml.safe_load(atelier("recipes", "show", LORA_SFT, "--yaml").output)

    assert document["run"]["name"] == "<job_name>"
    assert document["training_config"]["model"]["optim"]["lr"] == 1e-05


def test_a_recipe_of_which_not_all_is_known_says_so() -> None:
    judged = "verl-grpo-rlaif-llama-3-dot-2-1b-instruct-lora"
    output = atelier("recipes", "show", judged).output

    assert "what a model finds, the judge_model_id" in output
    assert "this release knows only the hyperparameters of this recipe" in output
    assert "the file itself was not read" in output

    refused = atelier("recipes", "show", judged, "--yaml")
    assert refused.exit_code == ExitCode.FAILED
    assert f"{judged} has no file here" in refused.output


def test_an_unknown_recipe_is_refused_with_the_nearest() -> None:
    outcome = atelier("recipes", "show", LORA_SFT + "x")

    assert outcome.exit_code == ExitCode.INVALID
    assert f"did you mean '{LORA_SFT}'?" in outcome.stderr


def test_a_sync_says_what_is_new_and_what_is_skipped_and_a_second_one_that_nothing_changed(
    hub: FakeHub,
) -> None:
    first = atelier("recipes", "--sync", "--model", "nova-micro")
    second = atelier("recipes", "--sync", "--model", "nova-micro")

    assert first.exit_code == second.exit_code == ExitCode.OK
    assert f"+ {LORA_SFT} (training-job)" in first.output
    assert "for subscribers of Nova Forge" in first.output
    assert "2 as before" in second.output
    assert "nothing changed" in second.output


def test_a_sync_in_a_region_without_the_models_fails(hub: FakeHub) -> None:
    hub.contents.clear()

    outcome = atelier("recipes", "--sync", "--region", "eu-north-1")

    assert outcome.exit_code == ExitCode.FAILED
    assert "not in the hub of eu-north-1" in outcome.output


def test_a_sync_without_credentials_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.Session.get_credentials", lambda _session: None)

    outcome = atelier("recipes", "--sync", "--model", "nova-micro")

    assert outcome.exit_code == ExitCode.UNREACHABLE
    assert "no AWS credentials" in outcome.stderr


def test_a_model_that_aws_does_not_publish_cannot_be_synced(hub: FakeHub) -> None:
    outcome = atelier("recipes", "--sync", "--model", "nova-micr")

    assert outcome.exit_code == ExitCode.INVALID
    assert "did you mean 'nova-micro'?" in outcome.stderr


def test_synced_recipes_are_listed_and_shown_like_shipped_ones(hub: FakeHub) -> None:
    atelier("recipes", "--sync", "--model", "nova-micro")

    listed = atelier("recipes", "--hub").output
    shown = atelier("recipes", "show", LORA_SFT, "--hub").output

    assert LORA_SFT in listed
    assert "nova-lite" not in listed
    assert "hub 1.0.1" in shown
    assert "at least 1 and at most 70" in shown


def test_without_a_sync_the_hub_s_recipes_say_how_to_get_them(hub: FakeHub) -> None:
    outcome = atelier("recipes", "--hub", "--region", "us-west-2", "--model", "nova-micro")

    assert outcome.exit_code == ExitCode.INVALID
    assert "`atelier recipes --sync --region us-west-2`" in outcome.stderr


@pytest.mark.parametrize("width", [80, 120])
def test_no_recipe_s_name_is_cut_on_a_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(width=width, force_terminal=True, color_system=None, highlight=False)
    monkeypatch.setattr("cli.recipes.lists.out", console)

    lines = atelier("recipes", "--model", "nova-2-lite").output.splitlines()

    assert any(
        "nova_lite_2_0_p5_48xl_gpu_general_multi_modal_benchmark_eval" in pipeline for pipeline in lines
    )
    assert max(map(len, lines)) <= width
