"""Training jobs whose ranks are real processes: how they end, restart, and clean up."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.kubernetes.clients import NAMESPACE, Api, until
from tests.fixtures.kubernetes.manifests import container, hyperpod_job, pytorch_job

Fresh = Callable[[str], str]
FOREVER = ("sleep", "600")
HYPERPOD = "hyperpodpytorchjobs"


def test_ranks_that_meet_over_the_network_end_as_a_success(api: Api, fresh: Fresh) -> None:
    name = fresh("pair")
    made = api.create_job(pytorch_job(name, container(image="trainer"), workers=2))

    api.condition(name, "Succeeded")

    logs = [api.log(f"{name}-{rank}") for rank in ("master-0", "worker-0", "worker-1")]
    assert logs == ["rank=0 sum=6\n", "rank=1 sum=6\n", "rank=2 sum=6\n"]
    assert made["metadata"]["generation"] == 1


def test_the_conditions_of_a_job_are_those_of_the_training_operator(
    api: Api, fresh: Fresh, tmp_path: Path
) -> None:
    name, seen = fresh("told"), tmp_path / "seen"
    until_seen = f"until [ -e '{seen}' ]; do sleep 0.02; done"
    api.create_job(pytorch_job(name, container("sh", "-c", until_seen)))
    api.condition(name, "Running")
    seen.touch()
    api.condition(name, "Succeeded")

    status = api.job(name)["status"]

    assert [(each["type"], each["status"]) for each in status["conditions"]] == [
        ("Created", "True"),
        ("Running", "False"),
        ("Succeeded", "True"),
    ]
    assert [each["reason"] for each in status["conditions"]] == [
        "PyTorchJobCreated",
        "PyTorchJobRunning",
        "PyTorchJobSucceeded",
    ]
    assert set(status["conditions"][0]) == {
        "type",
        "status",
        "reason",
        "message",
        "lastUpdateTime",
        "lastTransitionTime",
    }
    assert status["replicaStatuses"]["Master"] == {"active": 0, "succeeded": 1, "failed": 0}


def test_every_rank_knows_its_place(api: Api, fresh: Fresh) -> None:
    name = fresh("placed")
    command = "echo $RANK $WORLD_SIZE $PET_NODE_RANK $PET_NNODES $MASTER_ADDR"
    api.create_job(pytorch_job(name, container("sh", "-c", command)))

    api.condition(name, "Succeeded")

    assert api.log(f"{name}-master-0") == "0 2 0 2 127.0.0.1\n"
    until(lambda: api.log(f"{name}-worker-0") == "1 2 1 2 127.0.0.1\n")
    labels = (api.pod(f"{name}-worker-0") or {})["metadata"]["labels"]
    assert labels["training.kubeflow.org/job-name"] == name
    assert labels["training.kubeflow.org/replica-type"] == "worker"


def test_a_rank_that_fails_and_is_not_restarted_fails_the_job(api: Api, fresh: Fresh) -> None:
    name = fresh("nine")
    template = container(image="trainer", args=["9"])
    api.create_job(pytorch_job(name, template, policy="Never"))

    failed = api.condition(name, "Failed", "Succeeded")

    assert failed["type"] == "Failed"
    assert failed["reason"] == "PyTorchJobFailed"
    ended = until(lambda: api.container_status(f"{name}-master-0")["state"].get("terminated"))
    assert (ended["exitCode"], ended["reason"]) == (9, "Error")


def test_a_job_past_its_backoff_limit_fails_and_its_pods_go(api: Api, fresh: Fresh) -> None:
    name = fresh("again")
    api.create_job(pytorch_job(name, container("false"), workers=0, backoffLimit=1))

    failed = api.condition(name, "Failed")

    assert "has reached the specified backoff limit" in failed["message"]
    until(lambda: pods(api, name) == [])


def test_a_job_past_its_deadline_fails_and_its_pods_go(api: Api, fresh: Fresh) -> None:
    name = fresh("late")
    api.create_job(pytorch_job(name, container(*FOREVER), activeDeadlineSeconds=1))

    failed = api.condition(name, "Failed")

    assert "was active longer than specified deadline" in failed["message"]
    until(lambda: pods(api, name) == [])


def test_a_rank_whose_process_is_killed_is_started_again_in_its_pod(api: Api, fresh: Fresh) -> None:
    name = fresh("lost")
    mark = '"$ATELIER_ROOT/../../mark"'
    script = f"[ -e {mark} ] && exit 0; touch {mark}; echo pid=$$$$; sleep 600"
    api.create_job(pytorch_job(name, container("sh", "-c", script), workers=0))
    pid = until(lambda: _pid(api.log(f"{name}-master-0")))

    os.kill(pid, signal.SIGKILL)
    api.condition(name, "Succeeded")

    status = (api.pod(f"{name}-master-0") or {})["status"]["containerStatuses"][0]
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["exitCode"] == 137


def test_with_policy_exit_code_a_signal_is_retried_in_a_new_pod(api: Api, fresh: Fresh) -> None:
    name = fresh("retried")
    api.create_job(pytorch_job(name, container(*FOREVER), workers=0, policy="ExitCode"))
    first = api.running(f"{name}-master-0")

    os.killpg(api.process_of(f"{name}-master-0"), signal.SIGKILL)

    api.running(f"{name}-master-0", unlike=first)
    assert api.condition(name, "Running", "Failed")["type"] == "Running"


def test_with_policy_exit_code_an_error_of_the_program_is_final(api: Api, fresh: Fresh) -> None:
    name = fresh("final")
    api.create_job(pytorch_job(name, container("sh", "-c", "exit 3"), workers=0, policy="ExitCode"))

    assert api.condition(name, "Failed", "Restarting")["type"] == "Failed"


def test_a_deleted_job_takes_its_pods_and_their_processes_with_it(api: Api, fresh: Fresh) -> None:
    name = fresh("gone")
    api.create_job(pytorch_job(name, container(*FOREVER)))
    for pod in _names(name):
        api.running(pod)
    pids = [api.process_of(pod) for pod in _names(name)]

    api.custom.delete_namespaced_custom_object("kubeflow.org", "v1", NAMESPACE, "pytorchjobs", name)

    until(lambda: pods(api, name) == [])
    assert [pid for pid in pids if _is_alive(pid)] == []


def test_a_pod_that_someone_deletes_is_made_again(api: Api, fresh: Fresh) -> None:
    name = fresh("missed")
    api.create_job(pytorch_job(name, container(*FOREVER), workers=0))
    first = api.running(f"{name}-master-0")

    api.core.delete_namespaced_pod(f"{name}-master-0", NAMESPACE)

    api.running(f"{name}-master-0", unlike=first)


@pytest.mark.parametrize(("policy", "left"), [("None", 2), ("Running", 1), ("All", 0)])
def test_a_finished_job_cleans_up_as_its_policy_says(api: Api, fresh: Fresh, policy: str, left: int) -> None:
    name = fresh("clean")
    job = pytorch_job(name, container("true"), cleanPodPolicy=policy)
    job["spec"]["pytorchReplicaSpecs"]["Worker"] = {
        "replicas": 1,
        "template": {"spec": {"containers": [container(*FOREVER)]}},
    }
    api.create_job(job)

    api.condition(name, "Succeeded")

    until(lambda: len(pods(api, name)) == left)


def test_a_job_with_a_time_to_live_goes_after_it(api: Api, fresh: Fresh) -> None:
    name = fresh("short")
    api.create_job(pytorch_job(name, container("true"), workers=0, ttlSecondsAfterFinished=1))

    until(lambda: name in _job_names(api))
    until(lambda: name not in _job_names(api))


def test_a_hyperpod_job_runs_all_its_replicas_to_success(api: Api, fresh: Fresh) -> None:
    name = fresh("hyperpod")
    api.create_job(hyperpod_job(name, container(image="trainer"), cleanPodPolicy="None"), HYPERPOD)

    api.condition(name, "Succeeded", plural=HYPERPOD)

    found = api.documents("pods", label_selector=f"HPJob={name}")
    assert [each["metadata"]["name"] for each in found] == [f"{name}-pod-0", f"{name}-pod-1"]
    assert api.log(f"{name}-pod-1") == "rank=1 sum=3\n"


def test_a_hyperpod_job_restarts_as_a_whole_until_its_retries_are_used_up(api: Api, fresh: Fresh) -> None:
    name = fresh("whole")
    job = hyperpod_job(name, container("false"), jobMaxRetryCount=2, cleanPodPolicy="None")
    api.create_job(job, HYPERPOD)

    failed = api.condition(name, "Failed", plural=HYPERPOD)

    assert api.job(name, HYPERPOD)["status"]["restartCount"] == 2
    assert "failed" in failed["message"]


def test_a_hyperpod_job_by_default_leaves_no_pods_behind(api: Api, fresh: Fresh) -> None:
    name = fresh("tidy")
    api.create_job(hyperpod_job(name, container("true")), HYPERPOD)

    api.condition(name, "Succeeded", plural=HYPERPOD)

    until(lambda: api.documents("pods", label_selector=f"HPJob={name}") == [])


def _names(job: str) -> list[str]:
    return [f"{job}-master-0", f"{job}-worker-0"]


def _job_names(api: Api) -> list[str]:
    listed = api.custom.list_namespaced_custom_object("kubeflow.org", "v1", NAMESPACE, "pytorchjobs")
    return [item["metadata"]["name"] for item in listed["items"]]


def pods(api: Api, job: str) -> list[dict[str, Any]]:
    return api.documents("pods", label_selector=f"training.kubeflow.org/job-name={job}")


def _pid(text: str) -> int | None:
    return int(text.partition("pid=")[2].split()[0]) if "pid=" in text else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
