"""The line through a HyperPod cluster on EKS: its jobs are pods, and however they end nothing stays behind.

Slow because every run really trains on two nodes of the embedded cluster (tens of seconds in all).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from atelier.platforms.clusters import dump_clusters, load_clusters
from atelier.platforms.eks.cluster import Cluster
from atelier.registry import HYPERPOD_EKS
from tests.fixtures.deployed_cluster import DeployedCluster
from tests.fixtures.deployed_functions import handler_replaced, invoke, variables_replaced
from tests.fixtures.deployed_pipeline import DeployedPipeline, eventually, example, quick

pytestmark = pytest.mark.system

CLUSTER = "nova"
SECONDS_TO_START = 3

TRIES_CALLS = """
import json
import time

import boto3

from lambdas import composition
from lambdas.adapters.kubernetes.connect import control_plane


def handler(event, _context):
    session = boto3.Session(region_name=composition.settings().region)
    cluster = control_plane(event["cluster"], session=session, eks=composition.client("eks"), now=time.time)
    answers = [
        cluster.call(method, path, action="try", body=body) for method, path, body in event["calls"]
    ]
    return [[answer.status, json.loads(answer.data)] for answer in answers]
"""


@pytest.fixture(scope="module")
def cluster(deployed: DeployedPipeline) -> DeployedCluster:
    return DeployedCluster.of(deployed, CLUSTER)


def on_cluster(name: str, *, epochs: int = 1, **changes: Any) -> dict[str, Any]:
    """A quick run on both nodes of the cluster."""
    document = quick(name, **changes)
    stage = document["stages"][0]
    stage |= {"platform": "hyperpod-eks", "cluster": CLUSTER, "replicas": 2}
    stage["hyperparameters"]["max_epochs"] = epochs
    return document


def wait_for_pods(cluster: DeployedCluster, run_id: str, count: int = 2) -> None:
    eventually(
        lambda: cluster.pods(run_id, "Running"), lambda pods: len(pods) == count, f"pods of {run_id} to run"
    )


def wait_for_nothing(cluster: DeployedCluster, run_id: str) -> None:
    """Pods have a time of grace after they are deleted."""
    eventually(lambda: cluster.left_of(run_id), lambda left: not left, f"objects of {run_id} to go")


def stop(deployed: DeployedPipeline, run_id: str) -> None:
    deployed.pipeline.operations.request_stop(run_id)
    deployed.pipeline.reconcile_now(run_id)


def test_a_run_is_trained_and_evaluated_in_pods_and_promoted(
    deployed: DeployedPipeline, cluster: DeployedCluster
) -> None:
    wanted = example("sft-hyperpod-eks")
    deployment = {"target": "bedrock-on-demand", "name": "from-the-cluster"}
    run = deployed.run(on_cluster("eks", evaluation=wanted["evaluation"], deployment=deployment))

    assert run.status == "PROMOTED", run.cause
    wait_for_nothing(cluster, run.run_id)
    report = deployed.report(run.run_id)
    (training,) = report["training"]
    assert training["curves"]["reduced_train_loss"]
    assert {score["subject"] for score in report["scores"]} == {"candidate", "baseline"}
    jobs = [deployed.pipeline.operations.get(run.run_id, step) for step in ("s0", "e0c", "e0b")]
    assert [job and job.kind for job in jobs] == [HYPERPOD_EKS] * 3
    lines = list(deployed.pipeline.logs_of(HYPERPOD_EKS).logs(f"{run.run_id}-s0"))
    assert any("reduced_train_loss=" in text for text in lines)
    assert (
        deployed.client("sagemaker").list_training_jobs(NameContains=run.run_id)["TrainingJobSummaries"] == []
    )


def test_a_job_that_fails_ends_the_run_with_the_container_s_words(
    deployed: DeployedPipeline, cluster: DeployedCluster
) -> None:
    document = on_cluster("eks-fails")
    document["stages"][0]["hyperparameters"]["max_length"] = 16
    run = deployed.run(document)

    assert (run.status, run.error) == ("FAILED", "JobFailed")
    assert "training_config.max_length allows 16" in run.cause
    assert deployed.report(run.run_id)["failure"]["error"] == "JobFailed"
    wait_for_nothing(cluster, run.run_id)


def test_a_job_without_free_nodes_has_no_capacity_and_the_one_that_has_them_can_be_stopped(
    deployed: DeployedPipeline, cluster: DeployedCluster
) -> None:
    first = deployed.start(on_cluster("eks-stopped", epochs=100))
    wait_for_pods(cluster, first)
    known = deployed.client("lambda").get_function_configuration(
        FunctionName=deployed.function_name("submit_training_job")
    )["Environment"]["Variables"]["ATELIER_CLUSTERS"]
    hurried = [
        replace(each, start_within_seconds=SECONDS_TO_START)
        if isinstance(each, Cluster) and each.configured_name == CLUSTER
        else each
        for each in load_clusters(known)
    ]
    with variables_replaced(deployed, "submit_training_job", ATELIER_CLUSTERS=dump_clusters(hurried)):
        second = deployed.run(on_cluster("eks-waits"))

    assert (second.status, second.error) == ("FAILED", "CapacityUnavailable"), second.cause
    wait_for_nothing(cluster, second.run_id)
    row = deployed.pipeline.operations.get(first, "s0")
    assert row
    assert "Running" in row.detail

    stop(deployed, first)
    stopped = deployed.wait(first)
    assert (stopped.status, stopped.error) == ("FAILED", "RunStopped")
    wait_for_nothing(cluster, first)


def test_a_job_that_loses_a_pod_is_given_another_and_ends_well(
    deployed: DeployedPipeline, cluster: DeployedCluster
) -> None:
    run_id = deployed.start(on_cluster("eks-pod", epochs=3))
    wait_for_pods(cluster, run_id)
    lost = cluster.pods(run_id, "Running")[-1]["metadata"]
    cluster.delete_pod(lost["name"])

    run = deployed.wait(run_id)

    assert run.status == "ACCEPTED", run.cause
    wait_for_nothing(cluster, run_id)


def test_a_job_that_loses_a_node_fails_with_the_node_s_name(
    deployed: DeployedPipeline, cluster: DeployedCluster
) -> None:
    run_id = deployed.start(on_cluster("eks-node", epochs=100))
    wait_for_pods(cluster, run_id)
    sagemaker, name = deployed.client("sagemaker"), cluster.cluster.name
    lost = sagemaker.list_cluster_nodes(ClusterName=name)["ClusterNodeSummaries"][0]["InstanceId"]
    sagemaker.batch_replace_cluster_nodes(ClusterName=name, NodeIds=[lost])

    run = deployed.wait(run_id)

    assert (run.status, run.error) == ("FAILED", "JobFailed")
    assert f"NodeLost: Node hyperpod-{lost}" in run.cause
    wait_for_nothing(cluster, run_id)


def test_the_submitting_role_may_do_nothing_but_its_own_namespace_s_jobs(
    deployed: DeployedPipeline, cluster: DeployedCluster
) -> None:
    own = cluster.cluster.namespace
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "tried"}}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "tried"}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tried"}}
    allowed = [
        ("GET", f"/apis/kubeflow.org/v1/namespaces/{own}/pytorchjobs", None),
        ("GET", f"/api/v1/namespaces/{own}/pods", None),
    ]
    refused = [
        ("GET", f"/api/v1/namespaces/{own}/secrets", None),
        ("GET", "/api/v1/secrets", None),
        ("GET", "/api/v1/nodes", None),
        ("GET", "/api/v1/namespaces", None),
        ("GET", "/api/v1/pods", None),
        ("GET", "/api/v1/namespaces/kube-system/pods", None),
        ("POST", "/api/v1/namespaces/default/configmaps", config_map),
        ("GET", "/apis/kubeflow.org/v1/namespaces/default/pytorchjobs", None),
        ("POST", f"/api/v1/namespaces/{own}/pods", pod),
        ("POST", f"/apis/apps/v1/namespaces/{own}/deployments", deployment),
        ("GET", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{own}/roles", None),
        ("DELETE", f"/api/v1/namespaces/{own}", None),
    ]
    # The embedded Kubernetes has neither of these, and says of both who might use them.
    reviews = [
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", _may(own, resource, subresource))
        for resource, subresource in (("pods", "exec"), ("serviceaccounts", "token"))
    ]
    with handler_replaced(deployed, "submit_training_job", TRIES_CALLS) as function:
        calls = [*allowed, *refused, *reviews]
        answers = invoke(deployed, function, {"cluster": cluster.cluster.name, "calls": calls})

    said = [(method, path, answer) for (method, path, _), answer in zip(calls, answers, strict=True)]
    assert {answer[0] for _, _, answer in said[: len(allowed)]} == {200}
    assert [each for each in said[len(allowed) : -len(reviews)] if each[2][0] != 403] == []
    assert [answer[1]["status"]["allowed"] for _, _, answer in said[-len(reviews) :]] == [False, False]


def _may(namespace: str, resource: str, subresource: str) -> dict[str, Any]:
    """The question whether whoever asks may create a subresource."""
    attributes = {"namespace": namespace, "verb": "create", "resource": resource, "subresource": subresource}
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
