"""From what a cluster shows of a job to one status with a typed cause."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from atelier.operations.model import Phase, Status
from atelier.platforms.eks.status import Found, status_of
from tests.fixtures.cluster_jobs import MADE_AT, NAME, NOON, OUTPUT, STANDARD, a_job, a_recipe

JOB = a_job()
PPO = a_job(a_recipe("nova-pro", "ppo", "full"))
AN_HOUR = 3600


def condition(kind: str, status: str = "True", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "status": status, "lastTransitionTime": MADE_AT} | fields


def live(job: Any = JOB, *conditions: dict[str, Any], of: str = "", **status: Any) -> list[Any]:
    """The job's objects as the cluster has them; the one named `of`, or the first, has the conditions."""
    found = [copy.deepcopy(dict(manifest)) for manifest in job.objects]
    for item in found:
        item["metadata"] |= {"uid": item["metadata"]["name"], "creationTimestamp": MADE_AT}
    chosen = next(item for item in found if item["metadata"]["name"] == (of or found[0]["metadata"]["name"]))
    chosen["status"] = {"conditions": list(conditions)} | status
    return found


def pod(name: str = f"{NAME}-master-0", phase: str = "Pending", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "creationTimestamp": MADE_AT},
        "status": {"phase": phase, "startTime": MADE_AT} | status,
    }


def container(**state: Any) -> dict[str, Any]:
    return {"containerStatuses": [{"name": "pytorch", "image": "image:latest"} | state]}


def waiting(reason: str, message: str = "", **rest: Any) -> dict[str, Any]:
    return container(state={"waiting": {"reason": reason, "message": message}}, **rest)


def without_node(message: str = "0/4 nodes are available") -> dict[str, Any]:
    return {"conditions": [condition("PodScheduled", "False", reason="Unschedulable", message=message)]}


def seen(
    objects: list[Any] | None = None,
    *pods: Any,
    events: Any = (),
    job: Any = JOB,
    is_started: bool = True,
    after: int = 60,
) -> Status:
    found = Found(live(job) if objects is None else objects, list(pods), list(events))
    return status_of(job, found, is_started=is_started, now=NOON + after)


def failure(status: Status) -> tuple[Phase, str]:
    return status.phase, status.error


def test_a_job_of_which_nothing_is_there_is_unknown() -> None:
    assert seen([None, None]).phase is Phase.ABSENT


def test_a_job_that_its_operator_calls_succeeded_has_succeeded_with_what_the_state_returns() -> None:
    status = seen(
        live(
            JOB,
            condition("Created"),
            condition("Running", "False"),
            condition("Succeeded"),
            startTime=MADE_AT,
            completionTime="2026-11-23T12:10:30Z",
        )
    )
    assert status.phase is Phase.SUCCEEDED
    assert status.result == {
        "job_name": NAME,
        "cluster": "nova",
        "output_s3_path": OUTPUT,
        "manifest_uri": f"{OUTPUT}{NAME}/manifest.json",
        "seconds": 630,
    }
    assert status.leaves_something


def test_hyperpod_s_operator_calls_it_completed() -> None:
    assert seen(live(JOB, condition("Completed"))).phase is Phase.SUCCEEDED


def test_open_weights_lie_below_the_output() -> None:
    recipe = a_recipe("llama-3-1-8b-instruct")
    job = a_job(recipe, cluster=STANDARD, model="s3://atelier-data/base-models/llama-3-1-8b-instruct/")
    status = seen(live(job, condition("Succeeded")), job=job)
    assert status.result["model_artifacts"] == f"{OUTPUT}{NAME}/"
    assert "manifest_uri" not in status.result


def test_a_failed_job_says_why_and_how_its_container_ended() -> None:
    killed = container(state={"terminated": {"exitCode": 137, "reason": "OOMKilled"}})
    status = seen(
        live(JOB, condition("Failed", message="PyTorchJob x is failed because 1 replica failed.")),
        pod(phase="Failed", **killed),
    )
    assert failure(status) == (Phase.FAILED, "JobFailed")
    assert status.cause == (
        f"PyTorchJob {NAME} failed: PyTorchJob x is failed because 1 replica failed.; pod {NAME}-master-0: "
        "container pytorch ended: OOMKilled (it exceeded its memory limit), exit code 137"
    )
    assert status.leaves_something


def test_a_pod_that_was_evicted_is_told_as_that() -> None:
    status = seen(
        live(JOB, condition("Failed", message="1 replica failed")),
        pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
    )
    assert "was ended by the cluster: Evicted: The node was low on resource: memory." in status.cause


def test_a_job_that_restarts_runs() -> None:
    restarted = container(
        state={"running": {}},
        restartCount=1,
        lastState={"terminated": {"exitCode": 1, "reason": "Error", "message": "NCCL timeout"}},
    )
    status = seen(live(JOB, condition("Created"), condition("Restarting")), pod(phase="Running", **restarted))
    assert status.phase is Phase.RUNNING
    assert status.detail == (
        f"Restarting; 1 of 1 pods run; pod {NAME}-master-0 restarted 1 times: "
        "Error, exit code 1: NCCL timeout"
    )


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull"])
def test_an_image_that_cannot_be_pulled_for_ten_minutes_is_refused(reason: str) -> None:
    stuck = pod(**waiting(reason, "not authorized"))
    assert seen(None, stuck, after=599).phase is Phase.RUNNING
    status = seen(None, stuck, after=600)
    assert failure(status) == (Phase.FAILED, "RequestRefused")
    assert "cannot pull image:latest" in status.cause


def test_an_image_name_that_is_none_is_refused_at_once() -> None:
    assert failure(seen(None, pod(**waiting("InvalidImageName")), after=1)) == (
        Phase.FAILED,
        "RequestRefused",
    )


def test_a_container_that_crashes_again_and_again_fails_with_its_last_words() -> None:
    crashing = waiting(
        "CrashLoopBackOff",
        "back-off 5m0s",
        restartCount=3,
        lastState={"terminated": {"exitCode": 1, "reason": "Error", "message": "KeyError: 'data'"}},
    )
    status = seen(None, pod(phase="Running", **crashing))
    assert failure(status) == (Phase.FAILED, "JobFailed")
    assert "failed 3 times, last: Error, exit code 1: KeyError: 'data'" in status.cause
    assert status.leaves_something


def test_a_container_that_crashed_once_may_recover() -> None:
    crashing = waiting(
        "CrashLoopBackOff", restartCount=1, lastState={"terminated": {"exitCode": 1, "reason": "Error"}}
    )
    assert seen(None, pod(phase="Running", **crashing)).phase is Phase.RUNNING


def test_an_init_container_counts_too() -> None:
    stuck = pod(
        initContainerStatuses=[
            {
                "name": "init-container",
                "restartCount": 5,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 2, "reason": "Error"}},
            }
        ]
    )
    assert "container init-container failed 5 times" in seen(None, stuck).cause


def test_a_pod_without_a_node_waits_until_the_deadline_and_not_longer() -> None:
    stuck = pod(**without_node("0/4 nodes are available: 4 Insufficient nvidia.com/gpu."))
    status = seen(None, stuck, after=AN_HOUR - 1)
    assert status.phase is Phase.RUNNING
    assert "has no node: Unschedulable: 0/4 nodes are available" in status.detail
    status = seen(None, stuck, after=AN_HOUR)
    assert failure(status) == (Phase.FAILED, "CapacityUnavailable")
    assert "got no node within 3600 s: Unschedulable: 0/4 nodes are available: 4 Insufficient" in status.cause


def test_a_job_that_waits_in_its_queue_too_long_has_no_capacity() -> None:
    queued = live(JOB, condition("Suspended", message="insufficient quota in ClusterQueue"))
    assert seen(queued, after=AN_HOUR - 1).phase is Phase.RUNNING
    status = seen(queued, after=AN_HOUR)
    assert failure(status) == (Phase.FAILED, "CapacityUnavailable")
    assert "was not admitted within 3600 s: insufficient quota in ClusterQueue" in status.cause


def test_a_job_that_nothing_cares_for_says_what_may_be_missing() -> None:
    status = seen(after=AN_HOUR)
    assert failure(status) == (Phase.FAILED, "JobFailed")
    assert "is its operator installed in the cluster?" in status.cause


def test_a_job_without_pods_is_explained_by_what_the_cluster_warns_of() -> None:
    event = {
        "type": "Warning",
        "reason": "FailedCreate",
        "message": "pods is forbidden: exceeded quota",
        "metadata": {"name": "e", "creationTimestamp": MADE_AT},
    }
    normal = event | {"type": "Normal", "reason": "Pulled", "message": "x"}
    status = seen(events=[event, normal], after=AN_HOUR)
    assert status.cause.endswith("within 3600 s; FailedCreate: pods is forbidden: exceeded quota")
    assert seen(events=[event]).detail.endswith("FailedCreate: pods is forbidden: exceeded quota")


def test_a_job_of_which_somebody_deleted_a_part_is_lost() -> None:
    job, _ = live()
    status = seen([job, None])
    assert failure(status) == (Phase.FAILED, "OperationLost")
    assert f"ConfigMap training-config-{NAME} was deleted, but not by Atelier" in status.cause
    assert status.leaves_something


def test_a_job_that_was_only_half_made_is_to_be_made() -> None:
    job, _ = live()
    assert seen([job, None], is_started=False).phase is Phase.ABSENT


def test_an_object_that_another_request_made_is_not_the_job() -> None:
    job, config = live()
    for item in (job, config):
        item["metadata"]["annotations"]["atelier.spec-sha256"] = "other"
    assert seen([job, config]).phase is Phase.ABSENT


def test_objects_that_are_being_deleted_are_stopping() -> None:
    objects = live()
    objects[0]["metadata"]["deletionTimestamp"] = MADE_AT
    status = seen(objects)
    assert (status.phase, status.is_stopping) == (Phase.RUNNING, True)


def test_a_ppo_has_succeeded_when_its_actor_has_whatever_the_servers_do() -> None:
    assert seen(live(PPO, condition("Succeeded")), job=PPO).phase is Phase.SUCCEEDED
    critic = live(PPO, condition("Succeeded"), of=f"{NAME}-cm")
    assert seen(critic, job=PPO).phase is Phase.RUNNING


def test_a_ppo_fails_with_any_of_its_parts() -> None:
    status = seen(live(PPO, condition("Failed", message="oops"), of=f"{NAME}-cm"), job=PPO)
    assert failure(status) == (Phase.FAILED, "JobFailed")
    assert status.cause == f"PyTorchJob {NAME}-cm failed: oops"
