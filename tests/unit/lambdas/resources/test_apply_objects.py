"""Objects of a cluster's stack: made in order, changed where they differ, taken away in the reverse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from atelier.errors import RequestRefused
from lambdas.adapters.kubernetes.connection import KubernetesConnection, retries
from lambdas.adapters.kubernetes.objects import KubernetesObjects
from lambdas.resources.apply_objects import LOOKS_FOR_ACCESS, AppliedObjects
from lambdas.resources.custom_resource import Done, NotYet, Request, ResourceFailed
from tests.fixtures.kubernetes_api import FakeKubernetes, pool_to, refusal
from tests.fixtures.kubernetes_clients import ENDPOINT, a_token

RBAC = "rbac.authorization.k8s.io/v1"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "jobs"}}
ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces/jobs/roles"


def role(name: str = "submit", *verbs: str) -> dict[str, Any]:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": [*(verbs or ("create",))]}]
    metadata = {"name": name, "namespace": "jobs"}
    return {"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": rules}


@pytest.fixture
def api() -> FakeKubernetes:
    return FakeKubernetes()


@pytest.fixture
def applied(api: FakeKubernetes) -> AppliedObjects:
    connection = KubernetesConnection(
        endpoint=lambda: ENDPOINT,
        token=lambda _: a_token(),
        pool=lambda _: pool_to(api),
        retry=retries(backoff_factor=0),
    )
    return AppliedObjects(lambda _: KubernetesObjects(connection))


def request(
    *objects: Mapping[str, Any],
    kind: str = "Create",
    old: Sequence[Mapping[str, Any]] = (),
    state: Mapping[str, Any] | None = None,
) -> Request:
    def properties(manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {"Cluster": "nova-eks", "Objects": [json.dumps(manifest) for manifest in manifests]}

    return Request(kind, properties(objects), "id", state or {}, "token", properties(old))


def test_objects_are_made_in_their_order(api: FakeKubernetes, applied: AppliedObjects) -> None:
    assert applied.look(request(NAMESPACE, role())) == Done()
    assert list(api.objects) == ["/api/v1/namespaces/jobs", f"{ROLES}/submit"]


def test_what_is_there_becomes_what_is_wanted_and_keeps_what_others_added(
    api: FakeKubernetes, applied: AppliedObjects
) -> None:
    api.put("/api/v1/namespaces", {**NAMESPACE, "metadata": {"name": "jobs", "labels": {"by": "hyperpod"}}})
    api.put(ROLES, role())
    assert applied.look(request(NAMESPACE, role("submit", "create", "delete"))) == Done()
    assert api.one("Namespace")["metadata"]["labels"] == {"by": "hyperpod"}
    assert api.one("Role")["rules"][0]["verbs"] == ["create", "delete"]


def test_an_update_takes_away_what_it_no_longer_names(api: FakeKubernetes, applied: AppliedObjects) -> None:
    before = (NAMESPACE, role("submit"), role("watch"))
    applied.look(request(*before))
    applied.look(request(role("submit"), kind="Update", old=before))
    assert list(api.objects) == ["/api/v1/namespaces/jobs", f"{ROLES}/submit"]


def test_deletion_goes_back_the_same_way_and_leaves_namespaces_to_the_cluster(
    api: FakeKubernetes, applied: AppliedObjects
) -> None:
    everything = (NAMESPACE, role("submit"), role("watch"))
    applied.look(request(*everything))
    assert applied.look(request(*everything, kind="Delete")) == Done()
    assert api.kinds() == ["Namespace"]
    deleted = [url.rpartition("/")[2] for method, url, _ in api.asked if method == "DELETE"]
    assert deleted == ["watch", "submit"]


def test_objects_of_a_control_plane_that_is_gone_are_gone(api: FakeKubernetes) -> None:
    def of_nobody(_: str) -> KubernetesObjects:
        raise RequestRefused("eks:DescribeCluster nova-eks: ResourceNotFoundException: No cluster found")

    applied = AppliedObjects(of_nobody)
    assert applied.look(request(NAMESPACE, role(), kind="Delete")) == Done()
    with pytest.raises(ResourceFailed, match="No cluster found"):
        applied.look(request(NAMESPACE, role()))


def test_deleting_what_is_gone_is_success(applied: AppliedObjects) -> None:
    assert applied.look(request(role(), kind="Delete")) == Done()


@pytest.mark.parametrize(
    "fault",
    [refusal(404, 'namespaces "jobs" not found'), refusal(503, "starting"), refusal(429, "slowly")],
)
def test_what_the_cluster_does_not_have_yet_is_waited_for(
    api: FakeKubernetes, applied: AppliedObjects, fault: Any
) -> None:
    api.fail("POST", "roles", *[fault] * 4)
    look = applied.look(request(role()))
    assert isinstance(look, NotYet)
    assert "create roles on submit" in look.reason


def test_an_access_entry_that_does_not_hold_yet_is_waited_for_and_a_refusal_that_lasts_is_meant(
    api: FakeKubernetes, applied: AppliedObjects
) -> None:
    state: Mapping[str, Any] = {}
    for _ in range(LOOKS_FOR_ACCESS):
        api.fail("POST", "roles", refusal(401), refusal(401))
        look = applied.look(request(role(), state=state))
        assert isinstance(look, NotYet)
        state = look.state
    api.fail("POST", "roles", refusal(401), refusal(401))
    with pytest.raises(ResourceFailed, match="the cluster does not know the role"):
        applied.look(request(role(), state=state))


def test_a_cluster_that_lets_nobody_in_any_more_does_not_keep_its_stack(
    api: FakeKubernetes, applied: AppliedObjects
) -> None:
    api.fail("DELETE", "submit", refusal(403))
    state = {"refusals": LOOKS_FOR_ACCESS}
    assert applied.look(request(role(), kind="Delete", state=state)) == Done()


def test_an_object_that_the_cluster_refuses_fails_the_stack_with_its_reason(
    api: FakeKubernetes, applied: AppliedObjects
) -> None:
    api.fail("POST", "roles", refusal(422, "rules: Required value"))
    with pytest.raises(ResourceFailed, match=r"create roles on submit: 422: rules: Required value"):
        applied.look(request(role()))


def test_a_kind_that_no_stack_needs_is_refused(applied: AppliedObjects) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "jobs"}}
    with pytest.raises(ResourceFailed, match="kind = 'Secret': accepted: Namespace, PersistentVolume, "):
        applied.look(request(secret))
