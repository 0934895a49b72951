"""What a person does with AWS's HyperPod SDK, as one script; its findings are JSON on standard output.

Run with the SDK's folder on PYTHONPATH and KUBECONFIG set: `python hyperpod_sdk.py NAME NAMESPACE`.
"""

from __future__ import annotations

import json
import sys
import time

from sagemaker.hyperpod.common.config.metadata import Metadata
from sagemaker.hyperpod.common.telemetry import telemetry_logging
from sagemaker.hyperpod.training import (
    Containers,
    HyperPodPytorchJob,
    ReplicaSpec,
    Resources,
    RunPolicy,
    Spec,
    Template,
)

PATIENCE_SECONDS = 20.0


def main(name: str, namespace: str) -> None:
    # The SDK reports every call to AWS, and has no switch for that.
    telemetry_logging._send_telemetry_request = lambda *_, **__: None
    container = Containers(
        name="pytorch", image="trainer", resources=Resources(requests={"cpu": "1"}, limits={"cpu": "1"})
    )
    replica = ReplicaSpec(name="pod", replicas=2, template=Template(spec=Spec(containers=[container])))
    job = HyperPodPytorchJob(
        metadata=Metadata(name=name, namespace=namespace),
        nproc_per_node="1",
        replica_specs=[replica],
        run_policy=RunPolicy(clean_pod_policy="None"),
    )
    job.create()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "Succeeded" not in _true(job) and time.monotonic() < deadline:
        time.sleep(0.1)
        job.refresh()
    pods = job.list_pods()
    found = {
        "conditions": _true(job),
        "listed": [each.metadata.name for each in HyperPodPytorchJob.list(namespace=namespace)],
        "got": HyperPodPytorchJob.get(name, namespace).metadata.name,
        "pods": pods,
        "log": job.get_logs_from_pod(pods[1]),
    }
    job.delete()
    found["left"] = [each.metadata.name for each in HyperPodPytorchJob.list(namespace=namespace)]
    sys.stdout.write("\n" + json.dumps(found) + "\n")


def _true(job: HyperPodPytorchJob) -> list[str]:
    conditions = (job.status and job.status.conditions) or []
    return [each.type for each in conditions if each.status == "True"]


if __name__ == "__main__":
    main(*sys.argv[1:])
