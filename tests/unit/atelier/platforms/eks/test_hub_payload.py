"""Payloads of AWS's hub, filled in: in the form of what aws/sagemaker-hyperpod-recipes publishes for RFT."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from atelier.errors import UnsupportedCombination
from atelier.recipes.hub.recipe import HubRecipe
from tests.fixtures.cluster_jobs import NAME, NAMESPACE, a_job, a_recipe, by_kind
from tests.fixtures.recipes import REWARD_FUNCTION

PAYLOAD = """\
---
# Source: sagemaker-training/templates/training-config.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: training-config-{{name}}-training
data:
  config.yaml: |-
    run:
      name: '{{name}}'
    training_config:
      global_batch_size: {{global_batch_size}}
      task_type: omega_rl_train
---
# Source: sagemaker-training/templates/training-config.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: training-config-{{name}}-hub
data:
  config.yaml: |-
    run:
      name: '{{name}}'
    training_config:
      task_type: storm_hub
---
# Source: sagemaker-training/templates/hub.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{name}}-hub
spec:
  template:
    metadata:
      labels:
        app: {{name}}-hub
    spec:
      containers:
      - name: hub
        image: {{rft_storm_container_image}}
        command:
        - {{namespace}}
        env:
        - name: "NATS_URL"
          value: "nats://{{name}}-nats.{{namespace}}:4222"
---
# Source: sagemaker-training/templates/training.yaml
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata:
  name: {{name}}-training
spec:
  pytorchReplicaSpecs:
    Master:
      replicas: 1
      template:
        spec:
          initContainers:
          - name: init-container
            image: {{init_container_image}}
          containers:
          - name: pytorch
            image: {{container_image}}
    Worker:
      replicas: {{replicas}}
      template:
        spec:
          containers:
          - name: pytorch
            image: {{container_image}}
"""


def a_payload(template: str = PAYLOAD) -> HubRecipe:
    return HubRecipe(
        name="nova_lite_2_0_p5_gpu_lora_rft",
        base_model="nova-2-lite",
        technique="rft",
        reward="verifiable",
        adaptation="lora",
        platform="hyperpod-eks",
        version="1.0.0",
        region="us-east-1",
        instance_types=("ml.p5.48xlarge",),
        replicas=(2,),
        image_uri=None,
        template=template,
        overrides={},
    )


def job_of(template: str = PAYLOAD, **changes: Any) -> Any:
    recipe = a_recipe("nova-2-lite", "rft")
    return a_job(replace(recipe, **changes), hub=a_payload(template), reward_lambda_arn=REWARD_FUNCTION)


def test_the_training_job_comes_first_and_everything_else_after_it() -> None:
    assert [item["kind"] for item in job_of().objects] == [
        "PyTorchJob",
        "ConfigMap",
        "ConfigMap",
        "Deployment",
    ]


def test_placeholders_become_the_job_s_values_wherever_they_stand() -> None:
    (hub,) = by_kind(job_of(), "Deployment")
    (container,) = hub["spec"]["template"]["spec"]["containers"]
    assert hub["metadata"]["name"] == f"{NAME}-hub"
    assert container["image"].endswith(":SM-HP-RFT-STORM-V2-latest")
    assert container["command"] == [NAMESPACE]
    assert container["env"][0]["value"] == f"nats://{NAME}-nats.{NAMESPACE}:4222"


def test_each_service_gets_the_run_s_recipe_with_its_own_task() -> None:
    configs = [yaml.safe_load(item["data"]["config.yaml"]) for item in by_kind(job_of(), "ConfigMap")]
    assert [config["training_config"]["task_type"] for config in configs] == ["omega_rl_train", "storm_hub"]
    assert {config["run"]["name"] for config in configs} == {NAME}
    assert {config["run"]["reward_lambda_arn"] for config in configs} == {REWARD_FUNCTION}


@pytest.mark.parametrize(("replicas", "workers"), [(4, 3), (2, 1), (1, None)])
def test_the_master_is_one_of_the_replicas_which_payloads_forget(replicas: int, workers: int | None) -> None:
    (job,) = by_kind(job_of(replicas=replicas), "PyTorchJob")
    assert job["spec"]["pytorchReplicaSpecs"].get("Worker", {}).get("replicas") == workers


def test_every_object_and_pod_can_be_found_by_the_run() -> None:
    job = job_of()
    assert {item["metadata"]["labels"]["atelier.job"] for item in job.objects} == {NAME}
    assert {item["metadata"]["namespace"] for item in job.objects} == {NAMESPACE}
    (hub,) = by_kind(job, "Deployment")
    assert hub["spec"]["template"]["metadata"]["labels"] == {
        "app": f"{NAME}-hub",
        "atelier.job": NAME,
        "atelier.run-id": NAME.removesuffix("-s0"),
        "atelier.step": "s0",
    }


def test_a_placeholder_that_is_not_known_is_named() -> None:
    with pytest.raises(UnsupportedCombination, match="placeholder 'moon_phase'; accepted: container_image"):
        job_of(PAYLOAD.replace("{{namespace}}:4222", "{{moon_phase}}:4222"))


def test_an_object_that_no_job_is_made_of_is_refused() -> None:
    with pytest.raises(UnsupportedCombination, match="kind = 'ClusterRole'"):
        job_of(PAYLOAD.replace("kind: Deployment", "kind: ClusterRole"))


def test_a_payload_without_a_job_is_refused() -> None:
    with pytest.raises(UnsupportedCombination, match="has no training job; accepted: PyTorchJob"):
        job_of(PAYLOAD.partition("# Source: sagemaker-training/templates/training.yaml")[0])


def test_a_payload_that_is_not_yaml_is_refused() -> None:
    with pytest.raises(UnsupportedCombination, match="its payload is not YAML"):
        job_of("a: [")
