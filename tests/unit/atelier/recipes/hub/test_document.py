"""RecipeCollection of a HubContentDocument."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.recipes.hub.document import Entry, Skipped, entries_of
from tests.fixtures.hub import LORA_SFT, document, entry, for_subscribers


def the_entry(described: dict[str, object]) -> Entry | Skipped:
    (found,) = entries_of(document(described))
    return found


def test_an_entry_says_what_it_trains_and_where_its_files_lie() -> None:
    found = the_entry(entry())

    assert isinstance(found, Entry)
    assert (found.name, found.technique, found.adaptation, found.version) == (
        LORA_SFT,
        "sft",
        "lora",
        "1.0.1",
    )
    assert [files.platform for files in found.files] == ["training-job", "hyperpod-eks"]
    assert not found.needs_subscription


def test_an_entry_without_peft_trains_all_weights() -> None:
    found = the_entry(entry(Peft=None))

    assert isinstance(found, Entry)
    assert found.adaptation == "full"


def test_a_technique_in_small_letters_is_the_same() -> None:
    found = the_entry(entry(CustomizationTechnique="dpo"))

    assert isinstance(found, Entry)
    assert found.technique == "dpo"


@pytest.mark.parametrize(("technique", "reward"), [("RLVR", "verifiable"), ("RLAIF", "judge")])
def test_reinforcement_is_what_a_run_file_calls_rft(technique: str, reward: str) -> None:
    found = the_entry(entry(CustomizationTechnique=technique))

    assert isinstance(found, Entry)
    assert (found.technique, found.reward) == ("rft", reward)


def test_an_entry_for_subscribers_says_so() -> None:
    found = the_entry(for_subscribers())

    assert isinstance(found, Entry)
    assert found.needs_subscription


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Type": "Evaluation"}, "type Evaluation: only FineTuning is synced"),
        ({"CustomizationTechnique": "MTRL"}, "technique MTRL"),
        ({"SmtjOverrideParamsS3Uri": None, "HpEksOverrideParamsS3Uri": None}, "no template with an override"),
        (
            {"Versions": 7, "SupportedInstanceTypes": "ml.p5"},
            "cannot read the keys SupportedInstanceTypes, Versions",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_says_why(changes: dict[str, Any], reason: str) -> None:
    found = the_entry(entry(**changes))

    assert isinstance(found, Skipped)
    assert reason in found.reason


def test_a_model_without_recipes_has_none() -> None:
    assert list(entries_of('{"Url": "https://aws.amazon.com"}')) == []


@pytest.mark.parametrize(
    "text", ["", "not json", "null", "[" * 100_000, '{"RecipeCollection": {}}', '{"RecipeCollection": ["x"]}']
)
def test_a_document_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        list(entries_of(text))


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/x", "/etc/x", "a/b", ".hidden", "a\x1b[2Jb", "x" * 129]
)
def test_a_name_that_would_lead_out_of_the_cache_is_skipped(name: str) -> None:
    found = the_entry(entry(name))
    assert found == Skipped(
        repr(name), "not a recipe name; accepted: letters, digits, dots, hyphens and underscores"
    )


def test_an_entry_without_a_name_has_its_files_name() -> None:
    found = the_entry(entry() | {"Name": None})
    assert isinstance(found, Entry)
    assert found.name == LORA_SFT
