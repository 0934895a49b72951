"""Objects through the official Python client."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException

from tests.fixtures.kubernetes.clients import NAMESPACE, Api, until
from tests.fixtures.kubernetes.manifests import container, pytorch_job

Fresh = Callable[[str], str]


def config_map(name: str, labels: dict[str, str] | None = None, **data: str) -> client.V1ConfigMap:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels=labels), data=data)


def test_a_created_object_is_answered_with_what_the_server_gave_it(api: Api, fresh: Fresh) -> None:
    name = fresh("made")

    made = api.core.create_namespaced_config_map(NAMESPACE, config_map(name, key="value"))

    assert (made.metadata.name, made.metadata.namespace, made.data) == (name, NAMESPACE, {"key": "value"})
    assert made.metadata.uid
    assert made.metadata.creation_timestamp is not None
    assert int(made.metadata.resource_version) > 0


def test_a_second_object_of_the_same_name_is_a_conflict(api: Api, fresh: Fresh) -> None:
    name = fresh("twice")
    api.core.create_namespaced_config_map(NAMESPACE, config_map(name))

    with pytest.raises(ApiException) as refused:
        api.core.create_namespaced_config_map(NAMESPACE, config_map(name))

    assert (refused.value.status, reason(refused.value)) == (409, "AlreadyExists")


def test_what_is_not_there_is_named_in_the_refusal(api: Api) -> None:
    with pytest.raises(ApiException) as refused:
        api.core.read_namespaced_config_map("nobody", NAMESPACE)

    assert refused.value.status == 404
    assert message(refused.value) == 'configmaps "nobody" not found'


def test_nothing_is_created_in_a_namespace_that_does_not_exist(api: Api, fresh: Fresh) -> None:
    with pytest.raises(ApiException) as refused:
        api.core.create_namespaced_config_map("nowhere", config_map(fresh("lost")))

    assert message(refused.value) == 'namespaces "nowhere" not found'


def test_a_stale_replacement_is_a_conflict(api: Api, fresh: Fresh) -> None:
    stale = api.core.create_namespaced_config_map(NAMESPACE, config_map(fresh("stale"), a="1"))
    api.core.patch_namespaced_config_map(stale.metadata.name, NAMESPACE, {"data": {"a": "2"}})
    stale.data = {"a": "3"}

    with pytest.raises(ApiException) as refused:
        api.core.replace_namespaced_config_map(stale.metadata.name, NAMESPACE, stale)

    assert (refused.value.status, reason(refused.value)) == (409, "Conflict")


def test_generate_name_makes_a_name_of_its_own_every_time(api: Api) -> None:
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(generate_name="gen-"))

    names = {api.core.create_namespaced_config_map(NAMESPACE, body).metadata.name for _ in range(3)}

    assert len(names) == 3
    assert all(name.startswith("gen-") for name in names)


@pytest.mark.parametrize("name", ["Upper", "-dash", "under_score", "x" * 254])
def test_a_name_that_is_no_rfc_1123_subdomain_is_invalid(api: Api, name: str) -> None:
    with pytest.raises(ApiException) as refused:
        api.core.create_namespaced_config_map(NAMESPACE, config_map(name))

    assert (refused.value.status, reason(refused.value)) == (422, "Invalid")
    assert "metadata.name" in message(refused.value)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("tier=gold", {"a"}),
        ("tier!=gold", {"b", "c"}),
        ("tier in (gold, silver)", {"a", "b"}),
        ("tier notin (gold)", {"b", "c"}),
        ("tier", {"a", "b"}),
        ("!tier", {"c"}),
        ("tier in (gold, silver),kind=x", {"b"}),
    ],
)
def test_label_selectors_choose(api: Api, fresh: Fresh, selector: str, expected: set[str]) -> None:
    group = fresh("group")
    for name, labels in {"a": {"tier": "gold"}, "b": {"tier": "silver", "kind": "x"}, "c": {}}.items():
        body = config_map(f"{group}-{name}", {**labels, "group": group}, letter=name)
        api.core.create_namespaced_config_map(NAMESPACE, body)

    found = api.core.list_namespaced_config_map(NAMESPACE, label_selector=f"group={group},{selector}")

    assert {item.data["letter"] for item in found.items} == expected


def test_a_list_comes_in_pages_that_together_are_all_of_it(api: Api, fresh: Fresh) -> None:
    group = fresh("pages")
    for number in range(5):
        api.core.create_namespaced_config_map(NAMESPACE, config_map(f"{group}-{number}", {"group": group}))
    names, token, pages = [], None, 0
    while pages == 0 or token:
        page = api.core.list_namespaced_config_map(
            NAMESPACE, label_selector=f"group={group}", limit=2, _continue=token
        )
        names += [item.metadata.name for item in page.items]
        token, pages = page.metadata._continue, pages + 1

    assert names == [f"{group}-{number}" for number in range(5)]
    assert pages == 3


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/merge-patch+json", {"data": {"a": "2", "b": None, "c": "3"}}),
        (
            "application/json-patch+json",
            [
                {"op": "replace", "path": "/data/a", "value": "2"},
                {"op": "remove", "path": "/data/b"},
                {"op": "add", "path": "/data/c", "value": "3"},
            ],
        ),
        ("application/strategic-merge-patch+json", {"data": {"a": "2", "b": None, "c": "3"}}),
    ],
)
def test_every_kind_of_patch_changes_adds_and_removes(
    api: Api, fresh: Fresh, content_type: str, body: Any
) -> None:
    name = fresh("patched")
    api.core.create_namespaced_config_map(NAMESPACE, config_map(name, a="1", b="1"))

    patched = api.core.patch_namespaced_config_map(name, NAMESPACE, body, _content_type=content_type)

    assert patched.data == {"a": "2", "c": "3"}


def test_the_status_is_written_through_its_subresource_only(api: Api, fresh: Fresh) -> None:
    name = fresh("status")
    body = {
        "apiVersion": "ray.io/v1",
        "kind": "RayJob",
        "metadata": {"name": name},
        "spec": {"rayClusterSpec": {}, "clusterSelector": {"a": "b"}},
        "status": {"jobStatus": "FORGED"},
    }
    place = ("ray.io", "v1", NAMESPACE, "rayjobs")
    made = api.custom.create_namespaced_custom_object(*place, body)
    patched = api.custom.patch_namespaced_custom_object(*place, name, {"status": {"jobStatus": "FORGED"}})
    written = api.custom.patch_namespaced_custom_object_status(
        *place, name, {"status": {"jobStatus": "RUNNING"}, "spec": {"entrypoint": "forged"}}
    )

    assert "status" not in made
    assert "status" not in patched
    assert written["status"] == {"jobStatus": "RUNNING"}
    assert "entrypoint" not in written["spec"]
    assert written["metadata"]["generation"] == 1


def test_a_custom_object_must_say_its_kind(api: Api, fresh: Fresh) -> None:
    body = pytorch_job(fresh("kindless"), container("true"))
    del body["kind"]

    with pytest.raises(ApiException) as refused:
        api.custom.create_namespaced_custom_object("kubeflow.org", "v1", NAMESPACE, "pytorchjobs", body)

    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda spec: spec.pop("pytorchReplicaSpecs"), "spec.pytorchReplicaSpecs"),
        (lambda spec: spec["pytorchReplicaSpecs"]["Master"].update(replicas=2), "[Master].replicas"),
        (lambda spec: spec["pytorchReplicaSpecs"]["Worker"].update(restartPolicy="Often"), "restartPolicy"),
        (lambda spec: spec["pytorchReplicaSpecs"]["Worker"].pop("template"), "[Worker].template.spec"),
        (lambda spec: spec["runPolicy"].update(cleanPodPolicy="Some"), "spec.runPolicy.cleanPodPolicy"),
    ],
)
def test_a_training_job_that_cannot_run_is_invalid_with_the_field(
    api: Api, fresh: Fresh, change: Callable[[dict[str, Any]], object], field: str
) -> None:
    body = json.loads(json.dumps(pytorch_job(fresh("wrong"), container("true"))))
    change(body["spec"])

    with pytest.raises(ApiException) as refused:
        api.create_job(body)

    assert refused.value.status == 422
    assert field in message(refused.value)


def test_a_watch_tells_of_everything_after_the_list_it_began_with(api: Api, fresh: Fresh) -> None:
    group = fresh("watched")
    name = f"{group}-object"
    start = api.core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    api.core.create_namespaced_config_map(NAMESPACE, config_map(name, {"group": group}, a="1"))
    api.core.patch_namespaced_config_map(name, NAMESPACE, {"data": {"a": "2"}})
    api.core.patch_namespaced_config_map(name, NAMESPACE, {"metadata": {"labels": {"group": None}}})
    api.core.delete_namespaced_config_map(name, NAMESPACE)

    watching: Any = watch.Watch()  # type: ignore[no-untyped-call]  # the client's own, untyped
    events = watching.stream(
        api.core.list_namespaced_config_map,
        NAMESPACE,
        label_selector=f"group={group}",
        resource_version=start,
        timeout_seconds=1,
    )

    # What no longer matches the selector is gone for the watch; the real end concerns it no more.
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]


def test_a_watch_begins_with_what_is_there_and_goes_on_with_what_comes(api: Api, fresh: Fresh) -> None:
    group = fresh("living")
    api.core.create_namespaced_config_map(NAMESPACE, config_map(f"{group}-a", {"group": group}))
    seen = []
    watching: Any = watch.Watch()  # type: ignore[no-untyped-call]
    for event in watching.stream(
        api.core.list_namespaced_config_map,
        NAMESPACE,
        label_selector=f"group={group}",
        timeout_seconds=20,
    ):
        seen.append((event["type"], event["object"].metadata.name))
        if len(seen) == 1:
            api.core.create_namespaced_config_map(NAMESPACE, config_map(f"{group}-b", {"group": group}))
        else:
            watching.stop()

    assert seen == [("ADDED", f"{group}-a"), ("ADDED", f"{group}-b")]


def test_what_an_owner_leaves_behind_is_deleted_after_it(api: Api, fresh: Fresh) -> None:
    owner, dependent = family(api, fresh)

    api.core.delete_namespaced_config_map(owner, NAMESPACE)

    until(lambda: not exists(api, dependent))


def test_foreground_deletion_keeps_the_owner_until_its_dependents_have_gone(api: Api, fresh: Fresh) -> None:
    owner, dependent = family(api, fresh, finalizers=["tests/hold"])

    api.core.delete_namespaced_config_map(owner, NAMESPACE, propagation_policy="Foreground")
    until(lambda: api.core.read_namespaced_config_map(dependent, NAMESPACE).metadata.deletion_timestamp)
    kept = exists(api, owner)
    api.core.patch_namespaced_config_map(dependent, NAMESPACE, {"metadata": {"finalizers": None}})

    assert kept
    until(lambda: not exists(api, owner) and not exists(api, dependent))


def test_orphans_outlive_their_owner(api: Api, fresh: Fresh) -> None:
    owner, dependent = family(api, fresh)

    api.core.delete_namespaced_config_map(owner, NAMESPACE, propagation_policy="Orphan")
    until(lambda: not exists(api, owner))

    assert api.core.read_namespaced_config_map(dependent, NAMESPACE).metadata.owner_references is None


def test_a_collection_is_deleted_by_selector(api: Api, fresh: Fresh) -> None:
    group = fresh("bunch")
    for name in ("a", "b"):
        api.core.create_namespaced_config_map(NAMESPACE, config_map(f"{group}-{name}", {"group": group}))
    api.core.create_namespaced_config_map(NAMESPACE, config_map(f"{group}-c"))

    api.core.delete_collection_namespaced_config_map(NAMESPACE, label_selector=f"group={group}")

    assert [exists(api, f"{group}-{name}") for name in ("a", "b", "c")] == [False, False, True]


def test_a_namespace_takes_what_is_in_it_with_it(api: Api, fresh: Fresh) -> None:
    namespace = fresh("space")
    api.core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=namespace)))
    api.core.create_namespaced_config_map(namespace, config_map("inside"))

    done = api.kubectl("delete", "namespace", namespace)

    assert done.returncode == 0, done.stderr
    assert namespace not in [item.metadata.name for item in api.core.list_namespace().items]
    assert api.core.list_config_map_for_all_namespaces(field_selector="metadata.name=inside").items == []


def family(api: Api, fresh: Fresh, *, finalizers: list[str] | None = None) -> tuple[str, str]:
    """The names of an owner and of its dependent."""
    owner = api.core.create_namespaced_config_map(NAMESPACE, config_map(fresh("owner")))
    reference = client.V1OwnerReference(
        api_version="v1", kind="ConfigMap", name=owner.metadata.name, uid=owner.metadata.uid
    )
    metadata = client.V1ObjectMeta(
        name=fresh("dependent"), owner_references=[reference], finalizers=finalizers
    )
    made = api.core.create_namespaced_config_map(NAMESPACE, client.V1ConfigMap(metadata=metadata))
    return owner.metadata.name, made.metadata.name


def exists(api: Api, name: str) -> bool:
    found = api.core.list_namespaced_config_map(NAMESPACE, field_selector=f"metadata.name={name}")
    return bool(found.items)


def reason(error: ApiException) -> str:
    return str(json.loads(error.body or "")["reason"])


def message(error: ApiException) -> str:
    return str(json.loads(error.body or "")["message"])
