"""Who may do what: no token, a submitter with a Role in one namespace, and the words of the refusals."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.fixtures.kubernetes.clients import NAMESPACE, Api, Server, until
from tests.fixtures.kubernetes.manifests import container, pod, pytorch_job

Fresh = Callable[[str], str]
RULES = [
    {
        "apiGroups": ["kubeflow.org"],
        "resources": ["pytorchjobs"],
        "verbs": ["create", "get", "list", "delete"],
    },
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "delete"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": ["the-one"]},
    {"apiGroups": [""], "resources": ["pods", "pods/log", "events"], "verbs": ["get", "list"]},
]


@pytest.fixture(scope="module", autouse=True)
def role(api: Api) -> Iterator[None]:
    """What a submitter of jobs needs, for the group its access entry names."""
    group = "rbac.authorization.k8s.io"
    made = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": "hp-jobs"}, "rules": RULES}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "hp-jobs"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "hp-jobs"},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": "hp-jobs"}],
    }
    for document in (made, binding):
        done = api.kubectl("apply", "-f", "-", inputs=document)
        assert done.returncode == 0, done.stderr
    yield
    api.kubectl("delete", "role,rolebinding", "hp-jobs")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic eDp5"}])
def test_whoever_has_no_known_token_is_nobody(server: Server, headers: dict[str, str]) -> None:
    context = ssl.create_default_context(cafile=str(server.home.certificate))
    request = urllib.request.Request(f"{server.url}/api/v1/nodes", headers=headers)  # noqa: S310 - https, ours

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, context=context)  # noqa: S310

    with refused.value as answer:
        assert answer.code == 401
        assert json.loads(answer.read())["reason"] == "Unauthorized"


def test_the_submitter_submits_watches_and_deletes_its_jobs(submitter: Api, api: Api, fresh: Fresh) -> None:
    name = fresh("allowed")
    submitter.create_job(pytorch_job(name, container("echo", "hello"), workers=0))

    submitter.condition(name, "Succeeded")

    assert submitter.core.read_namespaced_pod_log(f"{name}-master-0", NAMESPACE) == "hello\n"
    submitter.custom.delete_namespaced_custom_object("kubeflow.org", "v1", NAMESPACE, "pytorchjobs", name)
    until(lambda: api.pod(f"{name}-master-0") is None)


@pytest.mark.parametrize(
    ("attempt", "refusal"),
    [
        (
            lambda core: core.create_namespaced_pod(NAMESPACE, pod("own", "id")),
            'pods is forbidden: User "submitter" cannot create resource "pods" in API group "" '
            'in the namespace "kubeflow"',
        ),
        (
            lambda core: core.read_namespaced_secret("key", NAMESPACE),
            'secrets "key" is forbidden: User "submitter" cannot get resource "secrets" in API group "" '
            'in the namespace "kubeflow"',
        ),
        (
            lambda core: core.list_namespaced_pod("kube-system"),
            'pods is forbidden: User "submitter" cannot list resource "pods" in API group "" '
            'in the namespace "kube-system"',
        ),
        (
            lambda core: core.list_pod_for_all_namespaces(),
            'pods is forbidden: User "submitter" cannot list resource "pods" in API group "" '
            "at the cluster scope",
        ),
        (
            lambda core: core.list_node(),
            'nodes is forbidden: User "submitter" cannot list resource "nodes" in API group "" '
            "at the cluster scope",
        ),
        (
            lambda core: core.delete_namespaced_pod("any", NAMESPACE),
            'pods "any" is forbidden: User "submitter" cannot delete resource "pods" in API group "" '
            'in the namespace "kubeflow"',
        ),
        (
            lambda core: core.patch_namespaced_pod_status("any", NAMESPACE, {}),
            'pods "any" is forbidden: User "submitter" cannot patch resource "pods/status" in API group "" '
            'in the namespace "kubeflow"',
        ),
    ],
)
def test_what_no_rule_allows_is_forbidden_in_the_words_of_kubernetes(
    submitter: Api, attempt: Callable[[client.CoreV1Api], object], refusal: str
) -> None:
    with pytest.raises(ApiException) as refused:
        attempt(submitter.core)

    assert refused.value.status == 403
    assert json.loads(refused.value.body or "")["message"] == refusal


def test_the_submitter_cannot_give_itself_more(submitter: Api) -> None:
    done = submitter.kubectl("patch", "role", "hp-jobs", "--type=json", "-p", "[]")

    assert "Forbidden" in done.stderr


def test_a_rule_with_names_allows_those_and_no_others(submitter: Api, api: Api) -> None:
    api.core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "the-one"}})

    assert submitter.core.read_namespaced_config_map("the-one", NAMESPACE).metadata.name == "the-one"
    with pytest.raises(ApiException) as refused:
        submitter.core.read_namespaced_config_map("another-one", NAMESPACE)
    assert refused.value.status == 403


def test_what_is_forbidden_does_not_tell_whether_it_exists(submitter: Api) -> None:
    with pytest.raises(ApiException) as refused:
        submitter.core.read_namespaced_secret("not-there", NAMESPACE)

    assert refused.value.status == 403


def test_a_binding_that_is_taken_away_ends_what_it_allowed(submitter: Api, api: Api, fresh: Fresh) -> None:
    name = fresh("reader")
    rule = {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["list"]}
    role = {"kind": "ClusterRole", "metadata": {"name": name}, "rules": [rule]}
    binding = {
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "User", "name": "submitter"}],
    }
    rbac: Any = client.RbacAuthorizationV1Api(api.client)
    batch: Any = client.BatchV1Api(submitter.client)
    rbac.create_cluster_role(role)
    rbac.create_cluster_role_binding(binding)
    allowed = batch.list_job_for_all_namespaces()
    rbac.delete_cluster_role_binding(name)

    with pytest.raises(ApiException) as refused:
        batch.list_job_for_all_namespaces()

    assert allowed.items == []
    assert refused.value.status == 403


def test_anyone_with_a_name_can_ask_what_they_may_do(submitter: Api) -> None:
    def asks(verb: str, resource: str, group: str = "") -> bool:
        attributes = client.V1ResourceAttributes(
            namespace=NAMESPACE, verb=verb, resource=resource, group=group
        )
        review = client.V1SelfSubjectAccessReview(
            spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
        )
        reviews: Any = client.AuthorizationV1Api(submitter.client)
        answer = reviews.create_self_subject_access_review(review)
        return bool(answer.status.allowed)

    assert asks("create", "pytorchjobs", "kubeflow.org")
    assert not asks("create", "pods")
