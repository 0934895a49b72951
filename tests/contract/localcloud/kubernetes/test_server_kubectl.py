"""The real kubectl against a cluster: what people, and scripts, type."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from tests.fixtures.kubernetes.clients import Api, until
from tests.fixtures.kubernetes.manifests import container, hyperpod_job, pod, pytorch_job

Fresh = Callable[[str], str]


def done(result: subprocess.CompletedProcess[str]) -> str:
    """The output of a call that went well."""
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_version_is_one_that_kubectl_can_read(api: Api) -> None:
    version = json.loads(done(api.kubectl("version", "-o", "json")))["serverVersion"]

    assert (version["major"], version["minor"]) == ("1", "33")


def test_every_kind_is_discovered_with_its_short_names(api: Api) -> None:
    listed = done(api.kubectl("api-resources", "--no-headers"))

    assert "pytorchjobs" in listed
    assert "hyperpodpytorchjobs" in listed
    assert done(api.kubectl("get", "no", "-o", "name")) == "node/node-a\nnode/node-b\n"


def test_a_job_is_created_waited_for_read_and_deleted(api: Api, fresh: Fresh) -> None:
    name = fresh("typed")
    job = pytorch_job(name, container("echo", "trained"), workers=0)

    created = done(api.kubectl("create", "-f", "-", inputs=job))
    done(api.kubectl("wait", "--for=condition=Succeeded", f"pytorchjob/{name}", "--timeout=20s"))
    state = done(api.kubectl("get", "pytorchjob", name, "-o", "jsonpath={.status.conditions[-1:].type}"))
    log = done(api.kubectl("logs", f"{name}-master-0"))
    deleted = done(api.kubectl("delete", "pytorchjob", name))

    assert created == f"pytorchjob.kubeflow.org/{name} created\n"
    assert (state, log) == ("Succeeded", "trained\n")
    assert deleted == f'pytorchjob.kubeflow.org "{name}" deleted from kubeflow namespace\n'
    until(lambda: api.pod(f"{name}-master-0") is None)


@pytest.mark.parametrize("flags", [(), ("--server-side",)])
def test_apply_creates_changes_and_leaves_alone(api: Api, fresh: Fresh, flags: tuple[str, ...]) -> None:
    name = fresh("applied")
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {"a": "1"},
    }
    apply = ("apply", *flags, "-f", "-")

    first = done(api.kubectl(*apply, inputs=document))
    again = done(api.kubectl(*apply, inputs=document))
    changed = done(api.kubectl(*apply, inputs={**document, "data": {"a": "2"}}))

    assert first.endswith(" serverside-applied\n" if flags else " created\n")
    assert flags or again.endswith(" unchanged\n")
    assert flags or changed.endswith(" configured\n")
    found = done(api.kubectl("get", "configmap", name, "-o", "jsonpath={.data.a}"))
    assert found == "2"


def test_labels_are_set_and_selected_by(api: Api, fresh: Fresh) -> None:
    name = fresh("labelled")
    done(api.kubectl("create", "-f", "-", inputs=hyperpod_job(name, container("true"))))

    done(api.kubectl("label", "hyperpodpytorchjob", name, f"team={name}"))

    listed = done(api.kubectl("get", "hyperpodpytorchjobs", "-l", f"team={name}", "-o", "name"))
    assert listed == f"hyperpodpytorchjob.sagemaker.amazonaws.com/{name}\n"


def test_describe_shows_a_pod_s_state_and_events(api: Api, fresh: Fresh) -> None:
    name = fresh("described")
    done(api.kubectl("create", "-f", "-", inputs=pod(name, "sh", "-c", "exit 5")))
    until(lambda: "terminated" in api.container_status(name).get("state", {}))

    described = done(api.kubectl("describe", "pod", name))

    assert "Exit Code:    5" in described
    assert "Successfully assigned" in described


def test_a_watch_sees_a_job_through(api: Api, fresh: Fresh) -> None:
    name = fresh("watched")
    done(api.kubectl("create", "-f", "-", inputs=pod(name, "sleep", "0.3")))

    phases = done(
        api.kubectl(
            *("get", "pod", name, "--watch", "--request-timeout=2s"),
            *("-o", "jsonpath={.status.phase}{'\\n'}"),
        )
    )

    assert phases.splitlines()[-1] == "Succeeded"


def test_deleting_waits_until_the_pod_has_gone(api: Api, fresh: Fresh) -> None:
    name = fresh("deleted")
    done(api.kubectl("create", "-f", "-", inputs=pod(name, "sleep", "600")))
    until(lambda: "running" in api.container_status(name).get("state", {}))

    done(api.kubectl("delete", "pod", name))

    assert api.pod(name) is None


def test_an_invalid_job_is_refused_with_the_field(api: Api, fresh: Fresh) -> None:
    job = hyperpod_job(fresh("invalid"), container("true"))
    del job["spec"]["replicaSpecs"][0]["name"]

    refused = api.kubectl("create", "-f", "-", inputs=job)

    assert refused.returncode == 1
    assert "spec.replicaSpecs[0].name: Required value" in refused.stderr


def test_a_dry_run_on_the_server_keeps_nothing(api: Api, fresh: Fresh) -> None:
    name = fresh("dry")

    done(api.kubectl("create", "--dry-run=server", "-f", "-", inputs=pod(name, "true")))

    assert api.pod(name) is None
