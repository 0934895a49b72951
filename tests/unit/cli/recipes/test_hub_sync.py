"""Syncing recipes of the hub into the cache, and reading them back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import cast

import pytest

from atelier.recipes.rows import BaseModelRow
from cli.failure import CommandFailed
from cli.recipes.hub_sync import Synced, sync
from cli.recipes.public_hub import HubContent, PublicHub
from client.errors import ClientFailed
from client.hub_cache import HubCache
from tests.fixtures.hub import LORA_SFT, WITH_DATA_MIX, FakeHub, a_hub, entry, for_subscribers

MICRO = BaseModelRow(name="nova-micro", family="nova", hub_name="nova-textgeneration-micro", source="test")
BOTH = (f"{LORA_SFT} (hyperpod-eks)", f"{LORA_SFT} (training-job)")


@pytest.fixture
def cache(tmp_path: Path) -> HubCache:
    return HubCache(tmp_path, "us-east-1")


def synced(hub: FakeHub, cache: HubCache) -> Synced:
    return sync(cast(PublicHub, hub), cache, MICRO, region="us-east-1")


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its content and the time it was written at."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_sync_keeps_each_recipe_for_each_platform(cache: HubCache) -> None:
    result = synced(a_hub(entry()), cache)

    assert result.hub_version == "1.0.7"
    assert result.changes.added == BOTH
    assert [(recipe.name, recipe.platform) for recipe in cache.recipes("nova-micro")] == [
        (LORA_SFT, "hyperpod-eks"),
        (LORA_SFT, "training-job"),
    ]
    assert cache.models() == {"nova-micro": "1.0.7"}


def test_a_training_job_may_have_the_replicas_that_hyperpod_s_spec_allows(cache: HubCache) -> None:
    synced(a_hub(entry(InstanceCount=4)), cache)

    assert {recipe.replicas for recipe in cache.recipes()} == {(4, 2, 8)}


def test_a_second_sync_writes_nothing_and_says_that_nothing_changed(cache: HubCache) -> None:
    hub = a_hub(entry())
    synced(hub, cache)
    before = contents(cache.folder)

    result = synced(hub, cache)

    assert not result.changes
    assert result.changes.unchanged == BOTH
    assert contents(cache.folder) == before


def test_a_recipe_that_aws_changed_is_told_and_replaced(cache: HubCache) -> None:
    hub = a_hub(entry())
    synced(hub, cache)
    (uri,) = [uri for uri in hub.files if "payload_template_sm_jobs" in uri]
    hub.files[uri] = hub.files[uri].replace(b"max_length: 32768", b"max_length: 65536")

    result = synced(hub, cache)

    assert result.changes.changed == (f"{LORA_SFT} (training-job)",)
    assert result.changes.unchanged == (f"{LORA_SFT} (hyperpod-eks)",)
    assert "65536" in next(r.template for r in cache.recipes() if r.platform == "training-job")
    assert len(list(cache.folder.rglob("*.json"))) == 3


def test_a_recipe_that_aws_withdrew_is_removed(cache: HubCache) -> None:
    synced(a_hub(entry(), entry("nova_micro_other")), cache)

    result = synced(a_hub(entry()), cache)

    assert result.changes.removed == ("nova_micro_other (hyperpod-eks)", "nova_micro_other (training-job)")
    assert {recipe.name for recipe in cache.recipes()} == {LORA_SFT}


def test_a_recipe_for_subscribers_is_skipped_with_that_reason_and_the_others_are_kept(
    cache: HubCache,
) -> None:
    result = synced(a_hub(entry(), for_subscribers()), cache)

    (skipped,) = result.skipped
    assert skipped.name == WITH_DATA_MIX
    assert "Nova Forge" in skipped.reason
    assert {recipe.name for recipe in cache.recipes()} == {LORA_SFT}


def test_a_missing_permission_is_not_taken_for_a_missing_subscription(cache: HubCache) -> None:
    hub = a_hub(entry())
    hub.refused = set(hub.files)

    (skipped,) = synced(hub, cache).skipped

    assert skipped.reason.startswith("s3:GetObject on s3://jumpstart-cache-prod-us-east-1/")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"{% if x %}", "template statements"), (b"\xff\xfe", "cannot be read"), (b"", "not a recipe")],
)
def test_a_recipe_in_an_unknown_form_is_skipped_with_the_reason(
    cache: HubCache, content: bytes, reason: str
) -> None:
    hub = a_hub(entry())
    (uri,) = [uri for uri in hub.files if "payload_template_sm_jobs" in uri]
    hub.files[uri] = content

    result = synced(hub, cache)

    assert any(reason in skipped.reason for skipped in result.skipped)


def test_a_file_that_the_hub_names_but_does_not_have_is_skipped(cache: HubCache) -> None:
    hub = a_hub(entry())
    hub.files.clear()

    (skipped,) = synced(hub, cache).skipped

    assert "is not there" in skipped.reason


def test_a_model_that_the_region_s_hub_does_not_have_changes_nothing(cache: HubCache) -> None:
    result = synced(FakeHub({}, {}), cache)

    assert result.hub_version is None
    assert cache.models() == {}


def test_a_document_that_is_not_one_is_one_message(cache: HubCache) -> None:
    hub = FakeHub({"nova-textgeneration-micro": HubContent("1.0.7", "<html>")}, {})

    with pytest.raises(CommandFailed, match=r"nova-textgeneration-micro 1\.0\.7: its document"):
        synced(hub, cache)


def test_an_interrupted_sync_leaves_the_recipes_of_before(
    cache: HubCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = a_hub(entry())
    synced(hub, cache)
    before = cache.recipes()
    hub.files = {uri: data.replace(b"32768", b"65536") for uri, data in hub.files.items()}

    def interrupted(_models: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(cache, "_write_index", interrupted)
        with pytest.raises(KeyboardInterrupt):
            synced(hub, cache)

    assert cache.recipes() == before


def test_a_file_that_was_changed_by_hand_is_refused_and_mended_by_a_sync(cache: HubCache) -> None:
    hub = a_hub(entry())
    synced(hub, cache)
    path = next(cache.folder.rglob("*training-job*.json"))
    path.write_bytes(path.read_bytes().replace(b"32768", b"1"))

    with pytest.raises(ClientFailed, match="is not what was synced"):
        cache.recipes()
    synced(hub, cache)
    assert len(cache.recipes()) == 2


def test_a_recipe_that_another_release_kept_is_fetched_again(cache: HubCache) -> None:
    hub = a_hub(entry())
    synced(hub, cache)
    older = json.dumps({"name": LORA_SFT}).encode()
    index = cache.folder / "index.json"
    known = json.loads(index.read_bytes())
    listed = known["models"]["nova-micro"]["recipes"][0]
    listed["sha256"] = hashlib.sha256(older).hexdigest()
    (cache.folder / listed["file"]).write_bytes(older)
    index.write_text(json.dumps(known))

    with pytest.raises(ClientFailed, match="not a synced recipe"):
        cache.recipes()
    synced(hub, cache)
    assert len(cache.recipes()) == 2


def test_an_index_that_is_none_says_what_to_do(cache: HubCache) -> None:
    cache.folder.mkdir(parents=True)
    (cache.folder / "index.json").write_text("{}")

    with pytest.raises(ClientFailed, match="sync again"):
        cache.recipes()


def test_the_folder_follows_its_variable_and_else_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "home"))
    assert HubCache.of_region("us-west-2").folder == tmp_path / "home" / "hub" / "us-west-2"
    monkeypatch.setenv("ATELIER_HUB_CACHE", str(tmp_path / "named"))
    assert HubCache.of_region("us-west-2").folder == tmp_path / "named" / "us-west-2"
