"""Port TrainingJobs on a cluster's Kubernetes API: what is its own beyond the suite of every platform."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from atelier.errors import AccessRefused, CapacityUnavailable, RequestRefused, ServiceUnavailable
from atelier.operations.model import Operation, OperationState, Phase
from lambdas.adapters.eks_training_jobs import EksTrainingJobs
from tests.fixtures.cluster_jobs import NAME, NAMESPACE, NOON, a_job, a_recipe, an_operation
from tests.fixtures.kubernetes_api import FakeKubernetes, refusal
from tests.fixtures.kubernetes_clients import ENDPOINT, client_of
from tests.fixtures.settled_job import SettledJob

JOB = a_job()
OPERATION = an_operation(JOB)
PPO = an_operation(a_job(a_recipe("nova-pro", "ppo", "full")))
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


class Line:
    """The adapter before a cluster that stores."""

    def __init__(self) -> None:
        logs = boto3.client(
            "logs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.cloudwatch = Stubber(logs)
        self.api = FakeKubernetes()
        self.now = NOON
        self.jobs = EksTrainingJobs(clusters={"nova": client_of(self.api)}, logs=logs, now=lambda: self.now)

    def add_pod(self, name: str, **status: Any) -> None:
        """A pod that an operator made for the job."""
        labels = {"atelier.job": NAME}
        self.api.put(
            PODS,
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "labels": labels},
                "spec": {"containers": [{"name": "pytorch"}]},
                "status": status,
            },
        )


@pytest.fixture
def line() -> Line:
    return Line()


def recorded(operation: Operation) -> Operation:
    return replace(operation, state=OperationState.RECORDED)


def test_what_the_job_owns_goes_with_it_whoever_deletes_it(line: Line) -> None:
    line.jobs.submit(OPERATION)
    job = line.api.one("PyTorchJob")
    (reference,) = line.api.one("ConfigMap")["metadata"]["ownerReferences"]
    assert reference == {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "name": NAME,
        "uid": job["metadata"]["uid"],
    }


def test_a_refusal_half_way_leaves_nothing(line: Line) -> None:
    line.api.fail("POST", "statefulsets", refusal(403, "cannot create resource"))
    with pytest.raises(AccessRefused, match=f"create statefulsets on {NAME}-ag"):
        line.jobs.submit(PPO)
    assert line.api.objects == {}


def test_a_refusal_leaves_nothing_of_an_earlier_attempt_either(line: Line) -> None:
    line.api.fail("POST", "statefulsets", *[refusal(500)] * 4)
    line.api.fail("DELETE", f"{NAME}-at", *[refusal(500)] * 4)
    with pytest.raises(ServiceUnavailable) as busy:
        line.jobs.submit(PPO)
    assert any("could not be taken away again" in note for note in busy.value.__notes__)
    assert line.api.kinds() == ["PyTorchJob"]
    line.api.fail("POST", "statefulsets", refusal(403, "exceeded quota"))
    with pytest.raises(CapacityUnavailable):
        line.jobs.submit(PPO)
    assert line.api.objects == {}


def test_a_busy_cluster_never_costs_a_job_that_was_whole(line: Line) -> None:
    line.jobs.submit(OPERATION)
    line.api.fail("POST", "configmaps", *[refusal(503)] * 4)
    with pytest.raises(ServiceUnavailable):
        line.jobs.submit(OPERATION)
    assert line.api.kinds() == ["PyTorchJob", "ConfigMap"]


def test_what_a_dead_call_left_half_made_is_completed(line: Line) -> None:
    line.jobs.submit(PPO)
    whole = set(line.api.objects)
    for path in [path for path in whole if "configmaps" in path or "services" in path]:
        del line.api.objects[path]
    assert line.jobs.describe(recorded(PPO)).phase is Phase.ABSENT, "so that settle submits it"
    line.jobs.submit(PPO)
    assert set(line.api.objects) == whole
    assert line.jobs.describe(recorded(PPO)).phase is Phase.RUNNING


def test_another_object_under_a_name_is_neither_taken_nor_touched(line: Line) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"training-config-{NAME}"}}
    line.api.put(path, theirs)
    with pytest.raises(RequestRefused, match=r"the name is taken .* \(not by Atelier, not "):
        line.jobs.submit(OPERATION)
    assert line.api.kinds() == ["ConfigMap"]
    assert line.api.one("ConfigMap") == theirs


def test_a_job_of_the_name_that_is_still_being_deleted_is_waited_for(line: Line) -> None:
    line.jobs.submit(OPERATION)
    line.api.one("PyTorchJob")["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    with pytest.raises(ServiceUnavailable, match="an earlier one is still being deleted"):
        line.jobs.submit(OPERATION)


def test_what_a_deleted_job_still_owns_is_not_taken_for_a_new_one_s(line: Line) -> None:
    line.jobs.submit(OPERATION)
    del line.api.objects[f"/apis/kubeflow.org/v1/namespaces/{NAMESPACE}/pytorchjobs/{NAME}"]
    with pytest.raises(ServiceUnavailable, match=f"training-config-{NAME}: an earlier one is still"):
        line.jobs.submit(OPERATION)


def test_stop_removes_every_object_of_the_job_and_no_other(line: Line) -> None:
    other = a_job(step="s1")
    line.jobs.submit(PPO)
    line.jobs.submit(replace(an_operation(other), step="s1"))
    line.jobs.stop(PPO)
    assert [item["metadata"]["labels"]["atelier.step"] for item in line.api.objects.values()] == ["s1"] * 2


def test_a_job_of_a_cluster_that_is_not_configured_is_refused(line: Line) -> None:
    for field in ("cluster", "namespace"):
        elsewhere = replace(OPERATION, request={**OPERATION.request, field: "other"})
        with pytest.raises(
            RequestRefused, match=rf"{field} = 'other'.* jobs are submitted to nova \(kubeflow\)"
        ):
            line.jobs.submit(elsewhere)


def test_a_request_of_another_service_is_refused(line: Line) -> None:
    with pytest.raises(RequestRefused, match="not a job of an EKS cluster"):
        line.jobs.describe(replace(OPERATION, request={"TrainingJobName": "x"}))


def test_a_pod_without_a_node_past_the_deadline_is_missing_capacity(line: Line) -> None:
    line.jobs.submit(OPERATION)
    line.add_pod(
        f"{NAME}-master-0",
        phase="Pending",
        conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}],
    )
    assert line.jobs.describe(OPERATION).phase is Phase.RUNNING
    line.now += 3600
    status = line.jobs.describe(OPERATION)
    assert (status.phase, status.error) == (Phase.FAILED, "CapacityUnavailable")


def test_only_warnings_about_the_job_are_told(line: Line) -> None:
    line.jobs.submit(OPERATION)
    for name, about in (("ours", NAME), ("theirs", "another-job")):
        line.api.put(
            f"/api/v1/namespaces/{NAMESPACE}/events",
            {
                "kind": "Event",
                "apiVersion": "v1",
                "metadata": {"name": name},
                "type": "Warning",
                "reason": f"Reason-{name}",
                "involvedObject": {"name": about},
            },
        )
    detail = line.jobs.describe(OPERATION).detail
    assert "Reason-ours" in detail
    assert "Reason-theirs" not in detail


def test_logs_of_several_pods_are_in_the_order_of_their_times(line: Line) -> None:
    line.add_pod(f"{NAME}-master-0", phase="Running")
    line.add_pod(f"{NAME}-worker-0", phase="Running")
    line.api.logs[f"{NAME}-master-0", "pytorch"] = (
        "2026-11-23T12:00:00Z global_step=1 loss=2\n2026-11-23T12:00:02.5Z three\n"
    )
    line.api.logs[f"{NAME}-worker-0", "pytorch"] = (
        "2026-11-23T12:00:00.000000001Z global_step=1 loss=3\n2026-11-23T12:00:02.25Z two\n"
    )
    assert list(line.jobs.logs(NAME)) == ["global_step=1 loss=2", "global_step=1 loss=3", "two", "three"]
    assert list(line.jobs.logs(NAME, containing=["loss=3", "two"])) == ["global_step=1 loss=3", "two"]


def test_logs_without_pods_are_those_of_the_cluster_s_log_group(line: Line) -> None:
    line.cloudwatch.add_response(
        "filter_log_events",
        {"events": [{"message": "loss=1"}, {"message": "noise"}]},
        {"logGroupName": ENDPOINT.log_group, "filterPattern": f'"{NAME}"'},
    )
    with line.cloudwatch:
        assert list(line.jobs.logs(NAME, containing=["loss"])) == ["loss=1"]


def test_logs_of_pods_that_nobody_may_read_are_looked_for_in_the_log_group(line: Line) -> None:
    line.add_pod(f"{NAME}-master-0", phase="Running")
    line.api.fail("GET", "log", refusal(403, "pods/log is forbidden"))
    line.cloudwatch.add_response(
        "filter_log_events",
        {"events": [{"message": "loss=1"}]},
        {"logGroupName": ENDPOINT.log_group, "filterPattern": f'"{NAME}"'},
    )
    with line.cloudwatch:
        assert list(line.jobs.logs(NAME)) == ["loss=1"]


def test_a_cluster_without_a_log_group_has_no_lines(line: Line) -> None:
    line.cloudwatch.add_client_error("filter_log_events", "ResourceNotFoundException")
    with line.cloudwatch:
        assert list(line.jobs.logs(NAME)) == []


def condition_on(line: Line, kind: str, message: str = "") -> None:
    conditions = [{"type": kind, "status": "True", "message": message}]
    line.api.one("PyTorchJob")["status"] = {"conditions": conditions}


def test_settle_makes_what_a_dead_submission_did_not_and_takes_all_away_at_the_end(line: Line) -> None:
    line.jobs.submit(PPO)
    for path in [path for path in line.api.objects if "statefulsets" in path]:
        del line.api.objects[path]
    waiting = SettledJob(line, recorded(PPO))
    waiting.settle()
    assert len(line.api.objects) == len(PPO.request["objects"])
    assert waiting.row.state is OperationState.STARTED
    condition_on(line, "Succeeded")
    waiting.settle()
    assert waiting.tokens.outcomes["token"]["job_name"] == NAME
    assert (waiting.row.state, waiting.row.error) == (OperationState.ENDED, "")
    assert line.api.objects == {}


@pytest.mark.parametrize("error", ["JobFailed", "CapacityUnavailable", "OperationLost"])
def test_however_a_job_ends_the_workflow_hears_why_and_nothing_is_left(line: Line, error: str) -> None:
    line.jobs.submit(OPERATION)
    if error == "JobFailed":
        condition_on(line, "Failed", "1 replica failed")
    elif error == "CapacityUnavailable":
        condition_on(line, "Suspended", "insufficient quota")
        line.now += 3600
    else:
        line.api.objects.popitem()
    waiting = SettledJob(line, OPERATION)
    waiting.settle()
    assert waiting.tokens.outcomes["token"][0] == error
    assert waiting.row.error == error
    assert line.api.objects == {}


def test_the_largest_job_fits_a_row_of_the_table() -> None:
    """DynamoDB: an item of at most 400 KB."""
    assert len(json.dumps(PPO.request)) < 100_000
