"""Nova's jobs through the adapter into a served cluster: by a role's signed token, under its Role alone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials

from atelier.errors import AccessRefused
from atelier.operations.model import Operation, Phase, Status
from atelier.platforms.eks.job import ClusterJob
from atelier.platforms.eks.resources import POD
from lambdas.adapters.eks_training_jobs import EksTrainingJobs
from lambdas.adapters.kubernetes.client import KubernetesClient
from lambdas.adapters.kubernetes.endpoint import Endpoint
from lambdas.adapters.kubernetes.token import EksToken
from localcloud.common.home import Home
from tests.fixtures.cluster_jobs import RESTRICTED, a_job, a_recipe, an_operation
from tests.fixtures.kubernetes import nova_account as account
from tests.fixtures.kubernetes.clients import Server, until

_steps = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(Home(tmp_path_factory.mktemp("nova")), "tests.fixtures.kubernetes.nova_server")
    started.start()
    try:
        yield started
    finally:
        started.stop()


class Line:
    """The adapter before the cluster, and one job."""

    def __init__(self, server: Server) -> None:
        endpoint = Endpoint(server.url, server.home.certificate.read_text(), account.EKS_NAME, "no-group")
        self.client = KubernetesClient(
            namespace=account.NAMESPACE, endpoint=lambda: endpoint, token=self.token_of
        )
        # The log group is never asked: this cluster's pods may be read.
        logs = boto3.client(
            "logs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.later = 0
        self.jobs = EksTrainingJobs(
            clusters={RESTRICTED.name: self.client},
            logs=logs,
            now=lambda: int(time.time()) + self.later,
        )

    @staticmethod
    def token_of(endpoint: Endpoint) -> EksToken:
        return EksToken(
            cluster=endpoint.eks_name,
            region="us-east-1",
            sts_url=f"https://{account.STS_HOST}",
            credentials=Credentials(account.ACCESS_KEY_ID, account.SECRET, account.SESSION_TOKEN),
            now=time.time,
        )

    def submit(self, behaviour: str, **changes: Any) -> Operation:
        """A job whose container ends as the data's name says."""
        step = f"s{next(_steps)}"
        job = a_job(step=step, data_s3_path=f"s3://atelier-data/datasets/{behaviour}.jsonl", **changes)
        operation = replace(an_operation(job), step=step)
        self.jobs.submit(operation)
        return operation

    def becomes(self, operation: Operation, is_so: Callable[[Status], bool]) -> Status:
        """The job's status once it is what a test waits for."""

        def look() -> Status | None:
            status = self.jobs.describe(operation)
            return status if is_so(status) else None

        return until(look)

    def names_left(self, operation: Operation) -> list[str]:
        """Objects and pods that still belong to the job."""
        kinds = {(item["apiVersion"], item["kind"]) for item in job_of(operation).objects} | {POD}
        wanted = f"atelier.job={operation.name}"
        return [
            item["metadata"]["name"]
            for kind in kinds
            for item in self.client.find_all(kind, label_selector=wanted)
        ]


def job_of(operation: Operation) -> ClusterJob:
    return ClusterJob.from_request(operation.request)


@pytest.fixture
def line(server: Server) -> Line:
    return Line(server)


def ends(line: Line, operation: Operation) -> None:
    """What settle does when a job has ended: everything goes."""
    line.jobs.stop(operation)
    until(lambda: not line.names_left(operation))


def test_a_job_trains_by_the_recipe_in_its_config_map_and_succeeds(line: Line) -> None:
    operation = line.submit("learn")
    status = line.becomes(operation, lambda status: status.is_terminal)
    assert status.phase is Phase.SUCCEEDED
    assert status.result["manifest_uri"].endswith(f"/{operation.name}/manifest.json")
    (logged,) = line.jobs.logs(operation.name, containing=["reduced_train_loss"])
    assert logged == f"global_step=1 reduced_train_loss=2.5 of {operation.name} "
    ends(line, operation)


def test_a_ppo_has_trained_when_its_actor_has_and_takes_its_servers_with_it(line: Line) -> None:
    operation = line.submit("learn", recipe=a_recipe("nova-micro", "ppo", "full"))
    status = line.becomes(operation, lambda status: status.is_terminal)
    assert (status.phase, status.leaves_something) == (Phase.SUCCEEDED, True)
    assert {f"{operation.name}-ag-0", f"{operation.name}-rm-master-0"} <= set(line.names_left(operation))
    ends(line, operation)


def test_a_retried_submission_finds_the_job(line: Line) -> None:
    operation = line.submit("stay")
    line.jobs.submit(operation)
    assert sorted(line.names_left(operation))[:1] == [operation.name]
    ends(line, operation)


def test_a_job_that_fails_again_and_again_says_how(line: Line) -> None:
    operation = line.submit("fail")
    status = line.becomes(operation, lambda status: status.is_terminal)
    assert (status.phase, status.error) == (Phase.FAILED, "JobFailed")
    assert "exit code 3" in status.cause
    ends(line, operation)


def test_a_job_for_which_there_is_no_node_has_no_capacity_once_the_deadline_is_over(line: Line) -> None:
    first = line.submit("stay")
    line.becomes(first, lambda status: "1 of 1 pods run" in status.detail)
    second = line.submit("stay")
    status = line.becomes(second, lambda status: "has no node" in status.detail)
    assert status.phase is Phase.RUNNING
    line.later = RESTRICTED.start_within_seconds + 60
    status = line.jobs.describe(second)
    assert (status.phase, status.error) == (Phase.FAILED, "CapacityUnavailable")
    assert line.jobs.describe(first).phase is Phase.RUNNING
    ends(line, second)
    ends(line, first)


def test_a_job_that_is_stopped_is_gone_with_everything_it_was_made_of(line: Line) -> None:
    operation = line.submit("stay")
    line.becomes(operation, lambda status: "1 of 1 pods run" in status.detail)
    line.jobs.stop(operation)
    line.becomes(operation, lambda status: status.phase is Phase.ABSENT)
    until(lambda: not line.names_left(operation))


def test_what_a_job_owns_goes_when_somebody_deletes_it(line: Line) -> None:
    operation = line.submit("stay")
    main = line.client.get(("kubeflow.org/v1", "PyTorchJob"), operation.name)
    assert main is not None
    line.client.delete(("kubeflow.org/v1", "PyTorchJob"), operation.name, uid=main["metadata"]["uid"])
    until(lambda: not line.names_left(operation))
    assert line.jobs.describe(operation).phase is Phase.ABSENT


def test_the_role_submits_jobs_and_may_do_nothing_else(line: Line) -> None:
    with pytest.raises(AccessRefused, match="create secrets on secret was refused"):
        line.client.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "secret"}})
    elsewhere = KubernetesClient(
        namespace="default", endpoint=lambda: line.client.endpoint, token=line.token_of
    )
    with pytest.raises(AccessRefused, match="list pods"):
        list(elsewhere.find_all(POD))
