"""What every platform of training jobs promises to the domain, held against each adapter.

A platform is an adapter before a service that stores, with what only the service's side can do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from botocore.stub import Stubber

from atelier.errors import AccessRefused, RequestRefused, Throttled
from atelier.jobs.run_jobs import training_job
from atelier.operations.model import Operation, Phase
from atelier.operations.ports import TrainingJobs
from lambdas.adapters.eks_training_jobs import EksTrainingJobs
from lambdas.adapters.sagemaker_training_jobs import SageMakerTrainingJobs
from lambdas.adapters.slurm_training_jobs import SlurmTrainingJobs
from tests.fixtures import slurm_jobs
from tests.fixtures.cluster_jobs import MADE_AT, NAME, NAMESPACE, NOON, OUTPUT, a_job, an_operation
from tests.fixtures.fake_sagemaker import FakeSageMaker
from tests.fixtures.folder_cloud import FolderS3, FolderSqs
from tests.fixtures.kubernetes_api import FakeKubernetes, refusal
from tests.fixtures.kubernetes_clients import client_of
from tests.fixtures.objects import FakeObjects
from tests.fixtures.plans import plan_of
from tests.fixtures.runs import BUCKET, RUN_ID, SETTINGS, a_run, a_stage


class Platform(Protocol):
    """An adapter, a job for it, and what happens at the service."""

    jobs: TrainingJobs
    operation: Operation
    other_work: Operation
    logs: Stubber

    def count(self) -> int: ...
    def succeed(self) -> None: ...
    def fail(self, reason: str) -> None: ...
    def throttle(self) -> None: ...
    def refuse_access(self) -> None: ...
    def log(self, *lines: str) -> None: ...


def log_client() -> Any:
    return boto3.client(
        "logs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


class OnTrainingJobs:
    """SageMaker training jobs."""

    def __init__(self) -> None:
        client = log_client()
        self.logs = Stubber(client)
        self.service = FakeSageMaker()
        self.jobs = SageMakerTrainingJobs(sagemaker=self.service, logs=client)  # type: ignore[arg-type]
        self.operation = self._operation(a_run())
        self.other_work = self._operation(
            a_run(stages=[a_stage(train="s3://atelier-data/datasets/other/train.jsonl")])
        )

    def _operation(self, run: dict[str, Any]) -> Operation:
        job = training_job(
            plan_of(run).stages[0],
            run_id=RUN_ID,
            stage_index=0,
            checkpoint=None,
            objects=FakeObjects(),
            environment=SETTINGS,
        )
        return job.operation(token="token", now=NOON)

    def count(self) -> int:
        return len(self.service.jobs)

    def succeed(self) -> None:
        self.service.jobs[NAME] |= {"TrainingJobStatus": "Completed", "TrainingTimeInSeconds": 61}

    def fail(self, reason: str) -> None:
        self.service.jobs[NAME] |= {"TrainingJobStatus": "Failed", "FailureReason": reason}

    def throttle(self) -> None:
        self.service.refusals.append("ThrottlingException")

    def refuse_access(self) -> None:
        self.service.refusals.append("AccessDeniedException")

    def log(self, *lines: str) -> None:
        self.logs.add_response("filter_log_events", {"events": [{"message": line} for line in lines]})


class OnCluster:
    """HyperPod on EKS."""

    def __init__(self) -> None:
        client = log_client()
        self.logs = Stubber(client)
        self.api = FakeKubernetes()
        self.jobs = EksTrainingJobs(clusters={"nova": client_of(self.api)}, logs=client, now=lambda: NOON)
        self.operation = an_operation(a_job())
        self.other_work = an_operation(a_job(data_s3_path="s3://atelier-data/datasets/other/train.jsonl"))

    def count(self) -> int:
        return self.api.kinds().count("PyTorchJob")

    def succeed(self) -> None:
        self._condition("Succeeded", "done")

    def fail(self, reason: str) -> None:
        self._condition("Failed", reason)

    def throttle(self) -> None:
        self.api.fail("POST", "pytorchjobs", *[refusal(429)] * 4)

    def refuse_access(self) -> None:
        self.api.fail("POST", "pytorchjobs", refusal(403))

    def log(self, *lines: str) -> None:
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{NAME}-master-0", "labels": {"atelier.job": NAME}},
            "spec": {"containers": [{"name": "pytorch"}]},
            "status": {"phase": "Running"},
        }
        self.api.put(f"/api/v1/namespaces/{NAMESPACE}/pods", pod)
        self.api.logs[f"{NAME}-master-0", "pytorch"] = "".join(f"{MADE_AT} {line}\n" for line in lines)

    def _condition(self, kind: str, message: str) -> None:
        condition = {"type": kind, "status": "True", "message": message}
        times = {"startTime": MADE_AT, "completionTime": "2026-11-23T12:01:01Z"}
        self.api.one("PyTorchJob")["status"] = {"conditions": [condition]} | times


class OnSlurm:
    """HyperPod on Slurm: what the agent writes comes from the tests."""

    def __init__(self, folder: Path) -> None:
        self.logs = Stubber(log_client())
        self.s3 = FolderS3(folder)
        self.jobs = SlurmTrainingJobs(
            clusters={slurm_jobs.CLUSTER.name: slurm_jobs.CLUSTER},
            bucket=BUCKET,
            s3=self.s3,  # type: ignore[arg-type]
            sqs=FolderSqs(folder / "queues"),  # type: ignore[arg-type]
            now=lambda: NOON,
        )
        self._job = slurm_jobs.a_job()
        self.operation = slurm_jobs.an_operation(self._job)
        self.other_work = slurm_jobs.an_operation(
            slurm_jobs.a_job(data_s3_path=f"s3://{BUCKET}/datasets/other/train.jsonl")
        )
        self._put("heartbeat.json", {"at": "2026-11-23T12:00:00+00:00", "slurm": "up", "jobs": 0})

    def count(self) -> int:
        (page,) = self.s3.paginate(Bucket=BUCKET, Prefix="slurm/open-weights/inbox/")
        return len(page["Contents"])

    def succeed(self) -> None:
        self._status("COMPLETED", started_at=NOON, ended_at=NOON + 61, output_files=3)

    def fail(self, reason: str) -> None:
        self._status("FAILED", reason="NonZeroExitCode", exit_code=7, log_lines=["step 3", reason])

    def throttle(self) -> None:
        self.s3.refusals.append("SlowDown")

    def refuse_access(self) -> None:
        self.s3.refusals.append("AccessDenied")

    def log(self, *lines: str) -> None:
        body = "".join(f"{line}\n" for line in lines).encode()
        self.s3.put_object(Bucket=BUCKET, Key=f"slurm/open-weights/logs/{NAME}.log", Body=body)

    def _status(self, state: str, **changes: Any) -> None:
        self._put(f"status/{NAME}.json", slurm_jobs.a_status(self._job, state, **changes))

    def _put(self, name: str, content: dict[str, Any]) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=f"slurm/open-weights/{name}", Body=json.dumps(content).encode())


@pytest.fixture(params=["training-job", "hyperpod-eks", "hyperpod-slurm"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    made: dict[str, Callable[[], Any]] = {
        "training-job": OnTrainingJobs,
        "hyperpod-eks": OnCluster,
        "hyperpod-slurm": lambda: OnSlurm(tmp_path),
    }
    platform: Platform = made[request.param]()
    with platform.logs:
        yield platform


def test_a_job_that_was_submitted_runs(platform: Platform) -> None:
    platform.jobs.submit(platform.operation)
    assert platform.jobs.describe(platform.operation).phase is Phase.RUNNING


def test_a_job_that_was_never_submitted_is_absent(platform: Platform) -> None:
    assert platform.jobs.describe(platform.operation).phase is Phase.ABSENT


def test_submitting_twice_is_one_job(platform: Platform) -> None:
    platform.jobs.submit(platform.operation)
    platform.jobs.submit(replace(platform.operation, token="the retry's"))
    assert platform.count() == 1


def test_a_name_that_other_work_holds_is_refused_and_the_other_goes_on(platform: Platform) -> None:
    platform.jobs.submit(platform.other_work)
    with pytest.raises(RequestRefused, match="the name is taken by"):
        platform.jobs.submit(platform.operation)
    assert platform.jobs.describe(platform.other_work).phase is Phase.RUNNING


def test_a_job_that_succeeded_says_its_name_where_its_output_is_and_how_long_it_took(
    platform: Platform,
) -> None:
    platform.jobs.submit(platform.operation)
    platform.succeed()
    status = platform.jobs.describe(platform.operation)
    assert status.phase is Phase.SUCCEEDED
    wanted = {"job_name": NAME, "output_s3_path": OUTPUT, "seconds": 61}
    assert status.result.items() >= wanted.items()


def test_a_job_that_failed_fails_with_the_service_s_reason(platform: Platform) -> None:
    platform.jobs.submit(platform.operation)
    platform.fail("the loss is not a number")
    status = platform.jobs.describe(platform.operation)
    assert (status.phase, status.error) == (Phase.FAILED, "JobFailed")
    assert NAME in status.cause
    assert "the loss is not a number" in status.cause


def test_a_job_that_was_stopped_does_not_run_on(platform: Platform) -> None:
    platform.jobs.submit(platform.operation)
    platform.jobs.stop(platform.operation)
    status = platform.jobs.describe(platform.operation)
    assert status.is_stopping or status.phase is Phase.ABSENT


def test_stopping_twice_or_what_never_was_is_success(platform: Platform) -> None:
    platform.jobs.stop(platform.operation)
    platform.jobs.submit(platform.operation)
    platform.jobs.stop(platform.operation)
    platform.jobs.stop(platform.operation)


def test_stopping_a_job_that_has_ended_is_success(platform: Platform) -> None:
    platform.jobs.submit(platform.operation)
    platform.succeed()
    platform.jobs.stop(platform.operation)


def test_a_busy_service_is_throttled_and_may_be_asked_again(platform: Platform) -> None:
    platform.throttle()
    with pytest.raises(Throttled):
        platform.jobs.submit(platform.operation)
    assert platform.count() == 0
    platform.jobs.submit(platform.operation)
    assert platform.count() == 1


def test_a_permission_that_is_missing_is_access_refused(platform: Platform) -> None:
    platform.refuse_access()
    with pytest.raises(AccessRefused, match=NAME):
        platform.jobs.submit(platform.operation)


def test_logs_are_the_job_s_lines_in_their_order(platform: Platform) -> None:
    platform.log("global_step=1 loss=2.0", "global_step=2 loss=1.5")
    assert list(platform.jobs.logs(NAME)) == ["global_step=1 loss=2.0", "global_step=2 loss=1.5"]


def test_a_job_without_a_log_has_no_lines(platform: Platform) -> None:
    platform.logs.add_client_error("filter_log_events", "ResourceNotFoundException")
    assert list(platform.jobs.logs(NAME)) == []
