"""The objects of a cluster's stack, applied by its function: they let the submitter in, and go again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from kubernetes.client.exceptions import ApiException

from components.eks.access import JOBS_GROUP
from components.eks.job_access import job_access
from lambdas.adapters.kubernetes.connection import KubernetesConnection
from lambdas.adapters.kubernetes.endpoint import Endpoint
from lambdas.adapters.kubernetes.objects import KubernetesObjects
from lambdas.adapters.kubernetes.token import EksToken
from lambdas.resources.apply_objects import AppliedObjects
from lambdas.resources.custom_resource import Done, Request
from tests.fixtures.kubernetes.clients import Api, Server
from tests.fixtures.kubernetes.users import ADMINISTRATOR


class _Token:
    """The administrator's, whom this cluster knows without IAM."""

    def value(self) -> str:
        return ADMINISTRATOR

    def forget(self) -> None:
        pass


@pytest.fixture
def applied(server: Server) -> AppliedObjects:
    endpoint = Endpoint(server.url, server.home.certificate.read_text(), "nova", "")
    connection = KubernetesConnection(endpoint=lambda: endpoint, token=lambda _: cast(EksToken, _Token()))
    return AppliedObjects(lambda _: KubernetesObjects(connection))


def request(kind: str, *manifests: dict[str, Any]) -> Request:
    return Request(
        kind, {"Cluster": "nova", "Objects": [json.dumps(each) for each in manifests]}, "id", {}, "t"
    )


def test_what_a_stack_applies_is_there_and_can_be_applied_again_and_taken_away(
    applied: AppliedObjects, api: Api, fresh: Callable[[str], str]
) -> None:
    name = fresh("jobs")
    manifests = job_access({name: True})
    assert applied.look(request("Create", *manifests)) == Done()
    assert applied.look(request("Update", *manifests)) == Done()
    rbac = "rbac.authorization.k8s.io"
    role = api.custom.get_namespaced_custom_object(rbac, "v1", name, "roles", JOBS_GROUP)
    assert role["rules"] == manifests[1]["rules"]

    assert applied.look(request("Delete", *manifests)) == Done()
    with pytest.raises(ApiException) as gone:
        api.custom.get_namespaced_custom_object(rbac, "v1", name, "roles", JOBS_GROUP)
    assert gone.value.status == 404
    assert api.core.read_namespace(name).metadata.name == name
