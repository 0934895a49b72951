"""Pods as processes: what they are given, how they end, and what their status says."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from tests.fixtures.kubernetes.clients import NAMESPACE, Api, until
from tests.fixtures.kubernetes.manifests import container, pod

Fresh = Callable[[str], str]
FOREVER = ("sleep", "600")


def start(api: Api, body: dict[str, Any]) -> str:
    api.core.create_namespaced_pod(NAMESPACE, body)
    return str(body["metadata"]["name"])


def phase(api: Api, name: str, *wanted: str) -> str:
    """The pod's phase once it is one of these."""

    def look() -> str | None:
        found = (api.pod(name) or {}).get("status", {}).get("phase")
        return found if found in wanted else None

    return until(look)


def waiting(api: Api, name: str, *reasons: str) -> dict[str, Any]:
    """The first container's waiting state once it has one of these reasons."""

    def look() -> dict[str, Any] | None:
        state = api.container_status(name).get("state", {}).get("waiting")
        return state if state and state["reason"] in reasons else None

    return until(look)


def events(api: Api, name: str) -> set[str]:
    found = api.documents("events", field_selector=f"involvedObject.name={name}")
    return {event["reason"] for event in found}


@pytest.mark.parametrize(
    ("command", "ends", "code", "reason"),
    [("exit 0", "Succeeded", 0, "Completed"), ("exit 9", "Failed", 9, "Error")],
)
def test_a_pod_ends_as_its_process_does(
    api: Api, fresh: Fresh, command: str, ends: str, code: int, reason: str
) -> None:
    name = start(api, pod(fresh("ends"), "sh", "-c", command))

    assert phase(api, name, "Succeeded", "Failed") == ends

    terminated = api.container_status(name)["state"]["terminated"]
    assert (terminated["exitCode"], terminated["reason"]) == (code, reason)


def test_a_container_that_fails_again_and_again_is_in_crash_loop_back_off(api: Api, fresh: Fresh) -> None:
    name = start(api, pod(fresh("crashes"), "sh", "-c", "exit 4", restartPolicy="OnFailure"))

    state = waiting(api, name, "CrashLoopBackOff")

    assert "restarting failed container=pytorch" in state["message"]
    assert api.container_status(name)["lastState"]["terminated"]["exitCode"] == 4
    until(lambda: api.container_status(name)["restartCount"] >= 2)


def test_an_image_nobody_has_keeps_the_pod_pending_in_image_pull_back_off(api: Api, fresh: Fresh) -> None:
    body = pod(fresh("imageless"))
    body["spec"]["containers"] = [container(image="registry.example/nothing:1")]
    name = start(api, body)

    state = waiting(api, name, "ImagePullBackOff")

    assert "registry.example/nothing:1" in state["message"]
    assert phase(api, name, "Pending") == "Pending"
    assert {"Failed", "BackOff"} <= events(api, name)


def test_a_program_that_is_not_there_is_a_start_error(api: Api, fresh: Fresh) -> None:
    name = start(api, pod(fresh("startless"), "no-such-program"))

    phase(api, name, "Failed")

    terminated = api.container_status(name)["state"]["terminated"]
    assert (terminated["reason"], terminated["exitCode"]) == ("StartError", 128)
    assert "no-such-program" in terminated["message"]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"nodeSelector": {"node.kubernetes.io/instance-type": "ml.p5.48xlarge"}}, "node affinity/selector"),
        (
            {"containers": [container(*FOREVER, resources={"limits": {"nvidia.com/gpu": "8"}})]},
            "2 Insufficient nvidia.com/gpu",
        ),
        (
            {"containers": [container(*FOREVER, resources={"requests": {"memory": "64Gi"}})]},
            "2 Insufficient memory",
        ),
    ],
)
def test_a_pod_that_fits_nowhere_is_unschedulable_and_says_why(
    api: Api, fresh: Fresh, spec: dict[str, Any], why: str
) -> None:
    name = start(api, pod(fresh("homeless"), *FOREVER, **spec))

    def look() -> dict[str, Any] | None:
        conditions = (api.pod(name) or {})["status"].get("conditions", [])
        return next((each for each in conditions if each["type"] == "PodScheduled"), None)

    condition = until(look)

    assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
    assert condition["message"].startswith("0/2 nodes are available")
    assert why in condition["message"]
    assert "FailedScheduling" in events(api, name)
    api.core.delete_namespaced_pod(name, NAMESPACE)


def test_a_pod_waits_for_the_resources_that_another_holds(api: Api, fresh: Fresh) -> None:
    def needs_a_gpu(name: str) -> dict[str, Any]:
        gpu = {"limits": {"nvidia.com/gpu": "1"}}
        return pod(name, containers=[container(*FOREVER, resources=gpu)], terminationGracePeriodSeconds=1)

    held = [start(api, needs_a_gpu(fresh("holds"))) for _ in range(2)]
    for name in held:
        phase(api, name, "Running")
    third = start(api, needs_a_gpu(fresh("waits")))
    until(lambda: "FailedScheduling" in events(api, third))

    api.core.delete_namespaced_pod(held[0], NAMESPACE)

    phase(api, third, "Running")
    for name in (held[1], third):
        api.core.delete_namespaced_pod(name, NAMESPACE)


def test_a_tainted_node_takes_only_pods_that_tolerate_it(api: Api, fresh: Fresh) -> None:
    node = "node-b"
    taint = {"key": "sagemaker.amazonaws.com/RestrictedNode", "value": "Worker", "effect": "NoSchedule"}
    api.core.patch_node(node, {"spec": {"taints": [taint]}})
    here = {"nodeSelector": {"kubernetes.io/hostname": node}}
    try:
        kept_out = start(api, pod(fresh("kept-out"), "true", **here))
        let_in = start(
            api, pod(fresh("let-in"), "true", **here, tolerations=[{**taint, "operator": "Equal"}])
        )

        phase(api, let_in, "Succeeded")

        assert "FailedScheduling" in events(api, kept_out)
    finally:
        api.core.patch_node(node, {"spec": {"taints": None}})
    phase(api, kept_out, "Succeeded")


def test_files_of_a_config_map_lie_where_they_are_mounted(api: Api, fresh: Fresh) -> None:
    name = fresh("mounted")
    data = {"config.yaml": "lr: 1.0e-05\n", "other": "unused"}
    api.core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": name}, "data": data})
    script = 'cat /config/config.yaml; ls "$CONFIG"; cat "$ATELIER_ROOT/config/config.yaml"'
    mounted = container(
        "sh",
        "-c",
        script,
        env=[{"name": "CONFIG", "value": "/config"}],
        volumeMounts=[{"name": "config", "mountPath": "/config"}],
    )
    items = [{"key": "config.yaml", "path": "config.yaml"}]
    start(
        api,
        pod(
            name,
            containers=[mounted],
            volumes=[{"name": "config", "configMap": {"name": name, "items": items}}],
        ),
    )

    phase(api, name, "Succeeded")

    assert api.log(name) == "lr: 1.0e-05\nconfig.yaml\nlr: 1.0e-05\n"


def test_a_pod_waits_for_the_config_map_it_mounts(api: Api, fresh: Fresh) -> None:
    name = fresh("early")
    volumes = [{"name": "config", "configMap": {"name": name}}]
    start(api, pod(name, "true", volumes=volumes))
    until(lambda: "FailedMount" in events(api, name))
    assert waiting(api, name, "ContainerCreating")

    api.core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": name}, "data": {"a": "b"}})

    phase(api, name, "Succeeded")


def test_variables_come_from_fields_config_maps_secrets_and_each_other(api: Api, fresh: Fresh) -> None:
    name = fresh("varied")
    metadata = {"metadata": {"name": name}}
    api.core.create_namespaced_config_map(NAMESPACE, {**metadata, "data": {"key": "from the map"}})
    api.core.create_namespaced_secret(NAMESPACE, {**metadata, "stringData": {"key": "from the secret"}})
    env = [
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "MAP", "valueFrom": {"configMapKeyRef": {"name": name, "key": "key"}}},
        {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": name, "key": "key"}}},
        {"name": "BOTH", "value": "$(MAP) and $(SECRET)"},
    ]
    start(api, pod(name, containers=[container("sh", "-c", "echo $NAME; echo $BOTH", env=env)]))

    phase(api, name, "Succeeded")

    assert api.log(name) == f"{name}\nfrom the map and from the secret\n"


def test_a_pod_sees_no_credentials_of_the_cloud_it_runs_in(api: Api, fresh: Fresh) -> None:
    name = start(api, pod(fresh("clean"), "env"))

    phase(api, name, "Succeeded")

    assert [line for line in api.log(name).splitlines() if line.startswith("AWS_")] == []


def test_init_containers_run_before_the_others_and_share_volumes(api: Api, fresh: Fresh) -> None:
    mounts = [{"name": "shared", "mountPath": "/shared"}]
    spec = {
        "initContainers": [
            container("sh", "-c", "echo prepared > /shared/file", name="init", volumeMounts=mounts)
        ],
        "containers": [container("cat", "/shared/file", volumeMounts=mounts)],
        "volumes": [{"name": "shared", "emptyDir": {}}],
    }
    name = start(api, pod(fresh("prepared"), **spec))

    phase(api, name, "Succeeded")

    assert api.log(name) == "prepared\n"


def test_an_init_container_that_fails_fails_the_pod_and_nothing_else_starts(api: Api, fresh: Fresh) -> None:
    name = start(api, pod(fresh("unprepared"), "true", initContainers=[container("false", name="init")]))

    phase(api, name, "Failed")

    assert "terminated" not in api.container_status(name)["state"]


def test_a_deleted_pod_is_asked_to_end_and_goes_when_it_has(api: Api, fresh: Fresh) -> None:
    script = "trap 'exit 0' TERM; echo ready; while true; do sleep 0.05; done"
    name = start(api, pod(fresh("polite"), "sh", "-c", script))
    until(lambda: "ready" in api.log(name))
    pid = api.process_of(name)

    answered = api.core.delete_namespaced_pod(name, NAMESPACE)

    assert answered.metadata.deletion_timestamp is not None
    until(lambda: api.pod(name) is None)
    assert not is_alive(pid)


def test_a_pod_that_does_not_want_to_end_is_killed_after_its_grace_with_all_it_started(
    api: Api, fresh: Fresh
) -> None:
    script = "trap '' TERM; sh -c \"trap '' TERM; echo child=\\$\\$\\$\\$; sleep 600\""
    body = pod(fresh("stubborn"), "sh", "-c", script, terminationGracePeriodSeconds=1)
    name = start(api, body)
    child = int(until(lambda: api.log(name)).partition("=")[2])

    api.core.delete_namespaced_pod(name, NAMESPACE)

    until(lambda: api.pod(name) is None)
    assert not is_alive(child)


def test_the_log_of_a_running_pod_can_be_followed_to_its_end(api: Api, fresh: Fresh) -> None:
    name = start(api, pod(fresh("followed"), "sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.2; done"))
    phase(api, name, "Running", "Succeeded")

    followed = api.kubectl("logs", "--follow", name)

    assert followed.stdout == "line 1\nline 2\nline 3\n"


def test_a_log_can_be_cut_to_its_tail_and_carry_its_times(api: Api, fresh: Fresh) -> None:
    name = start(api, pod(fresh("tailed"), "sh", "-c", "for i in 1 2 3; do echo line $i; done"))
    phase(api, name, "Succeeded")

    tail = api.core.read_namespaced_pod_log(name, NAMESPACE, tail_lines=1, timestamps=True)

    time, _, text = tail.partition(" ")
    assert text == "line 3\n"
    assert time.endswith("Z")


def test_the_log_of_a_pod_that_has_not_started_is_refused_with_the_reason(api: Api, fresh: Fresh) -> None:
    body = pod(fresh("mute"))
    body["spec"]["containers"] = [container(image="registry.example/nothing:1")]
    name = start(api, body)
    waiting(api, name, "ImagePullBackOff")

    with pytest.raises(ApiException) as refused:
        api.core.read_namespaced_pod_log(name, NAMESPACE)

    assert refused.value.status == 400
    assert "is waiting to start" in str(refused.value.body)


def test_a_pod_s_program_cannot_be_changed_once_it_is_there(api: Api, fresh: Fresh) -> None:
    name = start(api, pod(fresh("fixed"), *FOREVER))

    with pytest.raises(ApiException) as refused:
        api.core.patch_namespaced_pod(name, NAMESPACE, {"spec": {"nodeName": "node-b", "hostNetwork": True}})

    assert refused.value.status == 422


def test_a_stateful_set_keeps_as_many_numbered_pods_as_it_is_asked_for(api: Api, fresh: Fresh) -> None:
    name = fresh("set")
    labels = {"set": name}
    body = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "serviceName": name,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container(*FOREVER)], "terminationGracePeriodSeconds": 1},
            },
        },
    }

    assert api.kubectl("create", "-f", "-", inputs=body).returncode == 0
    for index in (0, 1):
        phase(api, f"{name}-{index}", "Running")
    api.kubectl("patch", "statefulset", name, "--type=merge", "-p", '{"spec": {"replicas": 1}}')
    until(lambda: api.pod(f"{name}-1") is None)
    api.kubectl("delete", "statefulset", name)

    until(lambda: api.documents("pods", label_selector=f"set={name}") == [])


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],  # noqa: S607 - part of every system these tests run on
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return bool(state.strip()) and not state.startswith("Z")
